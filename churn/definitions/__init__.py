"""What a definition of dropout changes, and how a gap is chosen."""
