"""Reports: pages a reader can trust, made of numbers that are computed elsewhere."""

from surveys.core.faces import read_face

__getattr__, __dir__ = read_face(__name__, __file__)
