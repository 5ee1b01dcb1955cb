"""Golden cases on the churn side: how they are read, and how numbers are compared with theirs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.golden.notation import NotExpressedError as NotExpressedError

SPECIAL = {"NA": np.nan, "NaN": np.nan, "Inf": np.inf, "-Inf": -np.inf}


class MissedError(AssertionError):
    """The project's number is not the expected one."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its file, and what it says."""

    path: Path
    content: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Case:
        return cls(path, json.loads(path.read_text(encoding="utf-8")))

    @property
    def method(self) -> str:
        return self.content["method"]

    @property
    def args(self) -> Mapping[str, Any]:
        return self.content["args"]

    @property
    def data(self) -> Path:
        return self.path.parent.parent / self.content["data"]


def numbers(values: Any) -> np.ndarray:
    """Read numbers as the cases write them."""
    return np.array([SPECIAL.get(v, v) if isinstance(v, str) else v for v in np.atleast_1d(values)], np.float64)


def compare(what: str, ours: Any, theirs: Any, tolerance: float) -> None:
    """Raise MissedError unless two arrays agree, NaN with NaN."""
    found, expected = np.atleast_1d(np.asarray(ours, np.float64)), numbers(theirs)
    if found.shape != expected.shape:
        raise MissedError(f"{what}: {len(found)} values, expected {len(expected)}")
    if (np.isnan(found) != np.isnan(expected)).any():
        at = int(np.flatnonzero(np.isnan(found) != np.isnan(expected))[0])
        raise MissedError(f"{what}[{at}]: {found[at]}, expected {expected[at]}")
    with np.errstate(invalid="ignore"):
        apart = np.where(found == expected, 0.0, np.abs(found - expected) / np.maximum(1, np.abs(expected)))
    apart = np.nan_to_num(apart, nan=0.0)
    if (apart > tolerance).any():
        at = int(np.argmax(apart))
        raise MissedError(f"{what}[{at}]: {found[at]!r}, expected {expected[at]!r}")
