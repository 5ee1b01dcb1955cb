"""Parquet files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from surveys.data.formats import SurveyFormat, register_format
from surveys.data.microdata import Microdata


def _read(path: Path, encoding: str | None) -> Microdata:
    from surveys.data.parquet import read_parquet

    frame, book = read_parquet(path)
    return Microdata(place=path.name, frame=frame, codebook=book, lines=np.arange(1, len(frame) + 1))


PARQUET = register_format(SurveyFormat(name="Parquet", suffixes=(".parquet",), starts=(b"PAR1",), read=_read))
