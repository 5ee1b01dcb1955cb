"""Figure dialogue."""

from __future__ import annotations

from reports.figures.drawn import DrawnFigure
from reports.printer import Printer
from reports.recipe import Results


def draw_dialogue(results: Results, printer: Printer) -> DrawnFigure | None:
    """Draw dialogue."""
    return None
