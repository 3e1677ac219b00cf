"""Bibliography formats of other programs: what each file states, entry by entry."""
