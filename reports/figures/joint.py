"""Figure joint."""

from __future__ import annotations

from reports.figures.drawn import DrawnFigure
from reports.printer import Printer
from reports.recipe import Results


def draw_joint(results: Results, printer: Printer) -> DrawnFigure | None:
    """Draw joint."""
    return None
