"""One sample of tenures: Kaplan-Meier, Nelson-Aalen, life tables, restricted means, log-rank."""
