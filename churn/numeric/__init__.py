"""Numerics that know nothing of accounts: a Newton maximiser, packed cells."""
