"""Stata files."""

from __future__ import annotations

from pathlib import Path

from surveys.data.formats import SurveyFormat, register_format
from surveys.data.microdata import Microdata


def _read(path: Path, encoding: str | None) -> Microdata:
    from surveys.data.labelled import read_labelled

    return read_labelled(path, "dta", encoding)


STATA = register_format(SurveyFormat(name="Stata", suffixes=(".dta",), starts=(b"<stata_dta>",), read=_read))
