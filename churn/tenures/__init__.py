"""From a dropout rule to tenures and their counts."""
