"""Retention and purchases projected beyond what was observed."""
