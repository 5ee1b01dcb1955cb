"""Figure publishers."""

from __future__ import annotations

from reports.figures.drawn import DrawnFigure
from reports.printer import Printer
from reports.recipe import Results


def draw_publishers(results: Results, printer: Printer) -> DrawnFigure | None:
    """Draw publishers."""
    return None
