"""Competing causes of dropout: Aalen-Johansen curves and Gray’s test."""
