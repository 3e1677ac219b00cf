"""Pipelines that make the data files and models that ship with the package."""
