"""Figures as files of their own: PDF and PNG set from the SVG that was drawn."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

FONTS = Path(__file__).parent.parent / "look" / "fonts"
TEMPLATES = Path(__file__).parent.parent / "look" / "templates"
DOTS_PER_INCH = 200


def drawing_to_pdf(svg: str) -> bytes:
    """
    Set a drawing as PDF, on a page of its size.

    Parameters
    ----------
    svg : str
        As `reports.look.theme.figure_to_svg` gives it.

    Returns
    -------
    bytes
        The same for the same drawing.

    Examples
    --------
    >>> drawing_to_pdf('<svg xmlns="http://www.w3.org/2000/svg" width="9pt" height="9pt"/>')[:4]
    b'%PDF'
    """
    pdf: bytes = _compiler().compile(format="pdf", timestamp=0, sys_inputs={"svg": svg})
    return pdf


def drawing_to_png(svg: str) -> bytes:
    """
    Set a drawing as PNG, 200 dots to the inch.

    Parameters
    ----------
    svg : str
        As `reports.look.theme.figure_to_svg` gives it.

    Returns
    -------
    bytes
        The same for the same drawing.

    Examples
    --------
    >>> drawing_to_png('<svg xmlns="http://www.w3.org/2000/svg" width="9pt" height="9pt"/>')[1:4]
    b'PNG'
    """
    png: bytes = _compiler().compile(format="png", ppi=DOTS_PER_INCH, sys_inputs={"svg": svg})
    return png


@cache
def _compiler() -> Any:
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    return typst.Compiler(TEMPLATES / "figure.typ", root=TEMPLATES, font_paths=fonts, sys_inputs={"svg": ""})
