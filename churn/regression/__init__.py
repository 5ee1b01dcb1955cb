"""Regression on tenures: Cox, Fine-Gray, discrete time."""
