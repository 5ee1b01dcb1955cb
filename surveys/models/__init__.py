"""Generalised linear models under a sampling design."""
