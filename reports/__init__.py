"""Reports: pages a reader can trust, made of numbers that are computed elsewhere."""
