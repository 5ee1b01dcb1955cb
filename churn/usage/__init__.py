"""A log or a table of accounts reduced to one row per account."""
