"""Next visit: the share of accounts seen again after each tenure, from counts of visits."""
