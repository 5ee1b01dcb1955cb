"""Turning a drawn figure into a block of the document."""

from __future__ import annotations

from reports.document.blocks import Figure
from reports.figures.drawn import DrawnFigure, drawn_svg


def figure_block(drawn: DrawnFigure) -> Figure:
    """
    Set a figure on the page with its words.

    Parameters
    ----------
    drawn : DrawnFigure
        As drawn in the report's language.

    Returns
    -------
    Figure
        A block of the document.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> figure_block(example_figure("survival")).anchor
    'fig-survival'
    """
    return Figure(
        anchor=f"fig-{drawn.id}",
        caption=drawn.caption,
        subtitle=drawn.subtitle,
        svg=drawn_svg(drawn),
        alt=drawn.alt,
        base=drawn.base,
        notes=drawn.notes,
    )
