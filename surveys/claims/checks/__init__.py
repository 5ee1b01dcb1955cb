"""What must hold among the numbers of a claim, one check in each file."""
