"""Who writes, to whom, who answers, and how many each follows."""
