"""Events that recur: the mean cumulative function."""
