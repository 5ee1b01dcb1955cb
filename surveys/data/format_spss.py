"""SPSS files, compressed or not."""

from __future__ import annotations

from pathlib import Path

from surveys.data.formats import SurveyFormat, register_format
from surveys.data.microdata import Microdata


def _read(path: Path, encoding: str | None) -> Microdata:
    from surveys.data.labelled import read_labelled

    return read_labelled(path, "sav", encoding)


SPSS = register_format(SurveyFormat(name="SPSS", suffixes=(".sav", ".zsav"), starts=(b"$FL2", b"$FL3"), read=_read))
