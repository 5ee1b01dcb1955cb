"""Cohorts of sign-ups: retention, triangles, lifecycle, newer against older."""
