"""Figure ceiling."""

from __future__ import annotations

from reports.figures.drawn import DrawnFigure
from reports.printer import Printer
from reports.recipe import Results


def draw_ceiling(results: Results, printer: Printer) -> DrawnFigure | None:
    """Draw ceiling."""
    return None
