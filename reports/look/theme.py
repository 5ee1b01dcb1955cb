"""The look of figures: fonts, colours, sizes, and files that are the same bytes every time."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontEntry, fontManager

FONTS = Path(__file__).parent / "fonts"
FIGURE_FONT = "Source Sans 3"
TEXT_WIDTH = 6.5
"""Width of the text on the page, in inches."""

INK = "#1B1F24"
MUTED = "#6B7280"
ACCENT = "#B3400F"
SERIES = ("#12436D", "#1F8A80", "#801650", "#C4560F", "#5B6470", "#7B61A8")
"""Told apart under every common colour blindness, each at least 3:1 on white; beside colour, a marker or a label."""
HEAT: Colormap = LinearSegmentedColormap.from_list("heat", ["#F3F7FB", "#9DC0DD", "#3F7CAC", "#12436D"])

STYLE: dict[str, Any] = {
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "savefig.facecolor": "white",
    "font.family": [FIGURE_FONT],
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,
    "axes.titlesize": 9.5,
    "axes.titleweight": "semibold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.labelsize": 8.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.axisbelow": True,
    "grid.color": "#D5DAE0",
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "hatch.linewidth": 0.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "adoption-churn",
}


@contextmanager
def figure_style() -> Iterator[None]:
    """
    Draw in the style of the report; outside, nothing changes.

    Yields
    ------
    None
        Figures made inside keep the style.

    Examples
    --------
    >>> with figure_style():
    ...     mpl.rcParams["text.parse_math"]
    False
    """
    _register_fonts()
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        yield


@cache
def _register_fonts() -> None:
    """Make the weights of the font one family, which matplotlib would take for two."""
    for name, weight, style in (("Regular", 400, "normal"), ("Semibold", 600, "normal"), ("It", 400, "italic")):
        file = FONTS / f"SourceSans3-{name}.ttf"
        fontManager.ttflist.append(
            FontEntry(
                fname=str(file),
                name=FIGURE_FONT,
                style=style,
                variant="normal",
                weight=weight,
                stretch="normal",
                size="scalable",
            )
        )


def ink_on(color: Any) -> str:
    """
    Choose black or white text for a background.

    Parameters
    ----------
    color : colour
        As matplotlib takes it.

    Returns
    -------
    str
        Whichever contrasts more, by the luminance of WCAG 2.

    Examples
    --------
    >>> ink_on("#12436D"), ink_on("#F3F7FB")
    ('white', 'black')
    """
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) else "white"


def figure_to_svg(figure: Figure) -> str:
    """
    Save a figure as SVG, its text kept as text.

    Parameters
    ----------
    figure : Figure
        Drawn under `figure_style`.

    Returns
    -------
    str
        The same bytes for the same figure; no-break spaces stand for runs of spaces, which would collapse.

    Examples
    --------
    >>> with figure_style():
    ...     figure_to_svg(Figure())[:5]
    '<?xml'
    """
    stream = io.StringIO()
    with figure_style():
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    svg = stream.getvalue()
    svg = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", svg)
    return re.sub(r"(?<=>)[^<>\n]*  [^<>\n]*(?=</text>)", lambda text: text[0].replace("  ", "\u00a0\u00a0"), svg)
