"""Figures come out as the same bytes, their text as text, their colours far enough from white."""

from __future__ import annotations

import re

import matplotlib as mpl
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager

from reports.document.drawing import drawing_to_pdf, drawing_to_png
from reports.look import theme
from tests.reports.sample import HOSTILE, make_drawing


def contrast_with_white(color: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


@pytest.mark.parametrize("color", theme.SERIES)
def test_marks_stand_out_from_white(color):
    assert contrast_with_white(color) >= 3


@pytest.mark.parametrize("color", [theme.INK, theme.MUTED, theme.ACCENT])
def test_text_stands_out_from_white(color):
    assert contrast_with_white(color) >= 4.5


def test_the_same_figure_is_the_same_bytes():
    assert theme.figure_to_svg(make_drawing("fr")) == theme.figure_to_svg(make_drawing("fr"))


@pytest.mark.parametrize("render", [drawing_to_pdf, drawing_to_png])
def test_the_same_drawing_is_the_same_file(render):
    svg = theme.figure_to_svg(make_drawing("fr"))
    assert render(svg) == render(svg)


@pytest.mark.filterwarnings("ignore:Glyph 7")  # the bell has none
def test_text_stays_text_and_is_not_read_as_mathematics():
    with theme.figure_style():
        drawing = Figure()
        drawing.text(0, 0, HOSTILE)
        drawing.text(0, 0.5, "two  spaces and a bell\x07")
    svg = theme.figure_to_svg(drawing)
    assert "{{7*7}} \\textbf{x}" in svg
    assert "two\u00a0\u00a0spaces" in svg
    assert not re.search(r"[\x00-\x08]", svg)


def test_the_style_ends_with_its_block():
    before = mpl.rcParams["font.family"]
    with theme.figure_style():
        assert mpl.rcParams["font.family"] == [theme.FIGURE_FONT]
    assert mpl.rcParams["font.family"] == before


@pytest.mark.parametrize(("weight", "file"), [("normal", "Regular"), ("semibold", "Semibold")])
def test_every_weight_is_drawn_from_its_own_file(weight, file):
    with theme.figure_style():
        found = fontManager.findfont(FontProperties(family=theme.FIGURE_FONT, weight=weight), fallback_to_default=False)
    assert found.endswith(f"SourceSans3-{file}.ttf")
