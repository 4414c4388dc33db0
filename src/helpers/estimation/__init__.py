"""Estimators, one per file, and their one result type."""
