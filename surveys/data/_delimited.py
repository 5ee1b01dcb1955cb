"""Array functions of delimited text: where its records and cells end, and where its quotes go wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.intp]

NEWLINE, QUOTE = 10, 34


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """
    The records of a delimited text.

    Attributes
    ----------
    start, end : ndarray of int, shape (n_records,)
        First byte of each record that is not empty, and the byte after its last.
    n_cells : ndarray of int, shape (n_records,)
        Cells in each.
    line : ndarray of int, shape (n_records,)
        Line that each begins on, counted from 1.
    """

    start: Positions
    end: Positions
    n_cells: Positions
    line: Positions


def lay_out(text: bytes, delimiter: str) -> Layout:
    """
    Find the records of a text whose lines end in newlines and whose quotes are sound.

    Parameters
    ----------
    text : bytes
        UTF-8.
    delimiter : str
        One ASCII character.

    Returns
    -------
    Layout
    """
    buffer = np.frombuffer(text, np.uint8)
    quotes = np.flatnonzero(buffer == QUOTE)
    newlines = np.flatnonzero(buffer == NEWLINE)
    between = _outside(np.flatnonzero(buffer == ord(delimiter)), quotes)
    end = np.append(_outside(newlines, quotes), len(buffer))
    start = np.append(0, end[:-1] + 1)
    cells = np.diff(np.searchsorted(between, end), prepend=0) + 1
    filled = end > start
    start, end, cells = start[filled], end[filled], cells[filled]
    return Layout(start, end, cells, np.searchsorted(newlines, start) + 1)


def bad_quote(text: bytes, delimiter: str) -> int | None:
    """
    Find the first quote that does not open or close a cell.

    Parameters
    ----------
    text : bytes
        UTF-8, its lines ending in newlines.
    delimiter : str
        One ASCII character.

    Returns
    -------
    int or None
        Position of a quote inside an unquoted cell, or of the one that opened a cell which is not
        closed as it should be; None when all is well.
    """
    buffer = np.frombuffer(text, np.uint8)
    quotes = np.flatnonzero(buffer == QUOTE)
    if len(quotes) == 0:
        return None
    edges = (NEWLINE, QUOTE, ord(delimiter))
    before = np.isin(buffer[quotes[::2] - 1], edges) | (quotes[::2] == 0)
    after = np.isin(buffer[np.minimum(quotes[1::2] + 1, len(buffer) - 1)], edges) | (quotes[1::2] == len(buffer) - 1)
    candidates = [quotes[::2][~before][:1], quotes[::2][: len(after)][~after][:1]]
    if len(quotes) % 2:
        candidates.append(quotes[-1:])
    found = np.concatenate(candidates)
    return int(found.min()) if len(found) else None


def line_of(text: bytes, position: int) -> int:
    """Give the line that a byte stands on, counted from 1."""
    return text.count(b"\n", 0, position) + 1


def _outside(positions: Positions, quotes: Positions) -> Positions:
    """Keep the positions that are not inside quotes."""
    return positions if len(quotes) == 0 else positions[np.searchsorted(quotes, positions) % 2 == 0]
