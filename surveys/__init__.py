"""Surveys: what was asked, of whom, and what they said."""

from surveys.core.faces import read_face

__getattr__, __dir__ = read_face(__name__, __file__)
