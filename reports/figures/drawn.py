"""What every drawing function gives back: a figure with its words and its data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pandas as pd
from matplotlib.figure import Figure

from reports.theme import figure_to_svg


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnFigure:
    """
    A figure and everything that must stand around it, in the language of the report.

    Attributes
    ----------
    id : str
        Short name, also that of its files.
    figure : matplotlib.figure.Figure
        The drawing, without title or base: those are words of the page.
    caption : str
        What the figure shows, as a sentence to take away.
    subtitle : str
        What is measured, of whom, in which unit.
    alt : str
        The figure in words, for readers who cannot see it.
    base : str
        Bases, intervals and source.
    notes : tuple of str
        Caveats.
    data : DataFrame
        The numbers drawn.
    """

    id: str
    figure: Figure
    caption: str
    subtitle: str
    alt: str
    base: str
    notes: tuple[str, ...]
    data: pd.DataFrame


@lru_cache(maxsize=64)
def drawn_svg(drawn: DrawnFigure) -> str:
    """
    Give a figure as SVG, saved once for the document and the folder of figures alike.

    Parameters
    ----------
    drawn : DrawnFigure
        The figure; it does not change once drawn.

    Returns
    -------
    str
        As `figure_to_svg`.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> "<svg" in drawn_svg(example_figure("survival"))
    True
    """
    return figure_to_svg(drawn.figure)
