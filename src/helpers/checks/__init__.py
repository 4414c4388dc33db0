"""Attempts to break an estimate, and the description of the design that comes before it."""
