"""Banner tables with their letters, and the disclosure page."""
