"""A file of respondents as it is stored, with its codebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveys.core.results import Note
from surveys.data.codebook import Codebook


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Microdata:
    """
    A file of respondents, as stored.

    Attributes
    ----------
    place : str
        Name of the file, for messages.
    frame : DataFrame
        One row per respondent: floats where every cell that is not blank is a number, text otherwise;
        blank cells are NaN or None.
    codebook : Codebook
        What the file says about its items.
    lines : ndarray of int, shape (n_rows,)
        What each row is called in messages: the line it begins on in a text, the header's being 1;
        its number in a file of SPSS or Stata.
    notes : tuple of Note
        What was found out about the file rather than told.
    origins : mapping of str to str
        Identifiers that Qualtrics gives to the columns, where the file has them.
    """

    place: str
    frame: pd.DataFrame
    codebook: Codebook
    lines: NDArray[np.intp]
    notes: tuple[Note, ...] = field(default=())
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
