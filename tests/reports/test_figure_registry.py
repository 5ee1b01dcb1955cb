"""A figure is one function in one file that registers itself, and stands in the report without another list."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.figure import Figure

from reports.build.products import Products
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import FIGURES, draws, withdraw
from reports.results.study import StudyResults
from reports.words.printer import Printer
from surveys.study.file import read_study
from tests.reports.test_incremental import made


@pytest.mark.parametrize("name", list(FIGURES))
def test_every_module_registers_the_figure_that_it_is_named_after(name: str) -> None:
    assert callable(FIGURES[name])


def test_a_figure_defined_elsewhere_stands_at_the_end_of_its_chapter(tmp_path) -> None:
    @draws("toy", chapter="staying")
    def draw_toy(results: StudyResults, printer: Printer) -> DrawnFigure:
        n = printer.value("toy.n", results.staying.curve.n, unit="accounts", why_no_interval="a count")
        return DrawnFigure(
            id="toy",
            figure=Figure(),
            caption="A toy",
            subtitle="of accounts",
            alt="nothing to see",
            base=f"Base: {n} accounts.",
            notes=(),
            data=pd.DataFrame({"n": [results.staying.curve.n]}),
        )

    try:
        products = Products(StudyResults(read_study(made(tmp_path, 5).folder)))
        document = products.document("en", drawn=True)
        assert "toy" in products.figures("en")
        anchors = [getattr(block, "anchor", "") for block in document.blocks]
        assert anchors.index("fig-toy") > anchors.index("fig-survival")
        assert "toy.n" in {number.id for _, numbers in products.numbers("en") for number in numbers}
    finally:
        withdraw("toy")
    assert "toy" not in FIGURES
