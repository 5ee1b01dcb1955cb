"""Tenures recalled in surveys: curves and models under a sampling design."""
