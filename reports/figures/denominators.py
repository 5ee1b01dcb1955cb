"""Figure denominators."""

from __future__ import annotations

from reports.figures.drawn import DrawnFigure
from reports.printer import Printer
from reports.recipe import Results


def draw_denominators(results: Results, printer: Printer) -> DrawnFigure | None:
    """Draw denominators."""
    return None
