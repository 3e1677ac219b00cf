"""What the pages share: the address, links, the look of a paper, what can be done with one."""
