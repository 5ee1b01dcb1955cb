"""Every result that a report shows, computed once."""
