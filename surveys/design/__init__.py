"""Sampling designs: strata, stages and replicate weights turn influence values into covariances."""
