"""Sentences held against figures."""
