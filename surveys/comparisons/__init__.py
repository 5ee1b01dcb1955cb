"""Tests between groups of respondents: independence, t and rank tests, all pairs."""
