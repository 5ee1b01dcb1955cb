"""A figure with its words and its data: as it is drawn, and as it is set on a page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.sax.saxutils import escape

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.text import Text

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
    """

    id: str
    figure: Figure
    caption: str
    subtitle: str
    alt: str
    base: str
    notes: tuple[str, ...]
    data: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureWords:
    """
    A figure without its drawing: every word around it, those in it, and its numbers.

    Attributes
    ----------
    id, caption, subtitle, alt, base, notes
        As those of `DrawnFigure`.
    outline : str
        Its texts as SVG, which stand for the drawing where only texts matter.
    data : str
        The numbers drawn, as CSV.
    """

    id: str
    caption: str
    subtitle: str
    alt: str
    base: str
    notes: tuple[str, ...]
    outline: str
    data: str


def words_of(drawn: DrawnFigure) -> FigureWords:
    """
    Give a figure without its drawing.

    Parameters
    ----------
    drawn : DrawnFigure
        The figure.

    Returns
    -------
    FigureWords

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> words_of(example_figure("survival")).id
    'survival'
    """
    return FigureWords(
        id=drawn.id,
        caption=drawn.caption,
        subtitle=drawn.subtitle,
        alt=drawn.alt,
        base=drawn.base,
        notes=drawn.notes,
        outline=outline_svg(drawn.figure),
        data=drawn.data.to_csv(index=False, lineterminator="\n"),
    )


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
