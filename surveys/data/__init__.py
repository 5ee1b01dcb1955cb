"""Files of respondents as tables with their codebooks."""
