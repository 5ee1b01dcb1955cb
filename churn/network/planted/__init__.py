"""Simulated networks with known truth."""
