"""Twitter in France, 2007-2013: published series, with simulated microdata and a simulated log that agree with them."""
