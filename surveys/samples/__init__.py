"""One wave of a survey read, decoded and weighted, with what its design allows."""
