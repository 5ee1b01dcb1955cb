"""From awareness to leaving in surveys: steps, shares, gaps between groups, waves."""
