"""Checking a study, and writing its report."""
