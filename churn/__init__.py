"""How long accounts stay: activity, tenures, retention, and how awareness, sign-up and staying combine."""

from surveys.core.faces import read_face

__getattr__, __dir__ = read_face(__name__, __file__)
