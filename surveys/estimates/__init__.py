"""Means, totals, ratios, quantiles and contrasts under a sampling design."""
