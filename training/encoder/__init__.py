"""Tuning of the embedding model for the queries of scientists, from pairs to what ships."""
