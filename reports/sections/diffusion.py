"""Section diffusion."""

from __future__ import annotations

from collections.abc import Mapping

from reports.figures.drawn import DrawnFigure
from reports.model import Block
from reports.printer import Printer
from reports.recipe import Results


def write_diffusion(results: Results, printer: Printer, figures: Mapping[str, DrawnFigure]) -> list[Block]:
    """Write diffusion."""
    return []
