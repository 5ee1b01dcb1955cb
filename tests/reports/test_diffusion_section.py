"""The chapter on how far a service may spread, where a series does not rise."""

from __future__ import annotations

import dataclasses

from churn.adoption.diffusion import FALLING
from reports.figures import example_results
from reports.sections.diffusion import write_diffusion
from reports.words.printer import open_printer
from surveys.core.results import Note


def test_a_series_that_falls_is_named_and_has_no_curve():
    results = example_results()
    assert results.diffusion is not None
    fallen = {"aware": Note(FALLING.message, {"first": 0.12, "last": 0.04})}
    diffusion = dataclasses.replace(results.diffusion, spreads=(), falling=fallen, reach=None)
    blocks = write_diffusion(results.but(diffusion=diffusion), open_printer("en"), {})
    assert len(blocks) == 2
    assert "the series does not rise, from 12.0% to 4.0%: no curve of diffusion is fitted to it." in str(blocks[1])
