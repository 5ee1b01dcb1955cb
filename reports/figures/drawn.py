"""What every drawing function gives back: a figure with its words and its data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from xml.sax.saxutils import escape

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.text import Text

from reports.look.theme import figure_to_svg

CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""What no SVG can hold."""


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
    outline : bool
        Whether its texts alone are wanted, as a rehearsal does that sets a page without drawing it.
    """

    id: str
    figure: Figure
    caption: str
    subtitle: str
    alt: str
    base: str
    notes: tuple[str, ...]
    data: pd.DataFrame
    outline: bool = False


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
    return outline_svg(drawn.figure) if drawn.outline else figure_to_svg(drawn.figure)


def outline_svg(figure: Figure) -> str:
    """
    Give the texts of a figure as SVG, without drawing it.

    Parameters
    ----------
    figure : Figure
        Composed, but not drawn.

    Returns
    -------
    str
        One text after the other.

    Examples
    --------
    >>> figure = Figure()
    >>> _ = figure.text(0, 0, "A & B")
    >>> outline_svg(figure)
    '<svg xmlns="http://www.w3.org/2000/svg"><text>A &amp; B</text></svg>'
    """
    texts = [found.get_text() for found in figure.findobj(Text) if isinstance(found, Text) and found.get_text()]
    inside = "".join(f"<text>{escape(CONTROLS.sub('', text))}</text>" for text in texts)
    return f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
