"""Weights fitted to what is known of the population: post-strata, raking, calibration, trimming."""
