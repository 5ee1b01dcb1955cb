"""Samples coded by hand, and the agreement of coders."""
