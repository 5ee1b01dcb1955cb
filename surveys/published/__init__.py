"""Figures that others printed: single ones, series of publishers, bounds of concentration."""
