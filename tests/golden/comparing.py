"""Comparing numbers with golden ones, within stated tolerances."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tests.golden.notation import NotExpressedError as NotExpressedError

RELATIVE = 1e-9
KNOWN_TOTAL = 1e-7


class MissedError(AssertionError):
    """The project says another number than the case."""


class Comparison:
    """Collects the differences of one case."""

    def __init__(self, relative: float = RELATIVE) -> None:
        self.relative = relative
        self.worst = 0.0
        self.differences: list[str] = []

    def close(
        self, name: str, ours: object, theirs: object, scale: object = 0.0, relative: float | None = None
    ) -> None:
        """Compare arrays; differences count relative to the larger of the value and `scale`."""
        left, right = (np.atleast_1d(np.asarray(x, float)) for x in (ours, theirs))
        if left.shape != right.shape:
            self.differences.append(f"{name}: shape {left.shape}, expected {right.shape}")
            return
        unknown = np.isnan(left) | np.isnan(right)
        size = np.maximum(np.abs(right), np.broadcast_to(np.abs(np.asarray(scale, float)), right.shape))
        off = np.abs(left - right) / np.where(size > 0, size, 1.0)
        off = np.where(
            unknown, np.where(np.isnan(left) == np.isnan(right), 0.0, np.inf), np.where(left == right, 0.0, off)
        )
        limit = self.relative if relative is None else relative
        self.worst = max(self.worst, float(off.max(initial=0.0)))
        if (off > limit).any():
            i = np.unravel_index(np.argmax(off), off.shape)
            self.differences.append(f"{name}: {left[i]!r}, expected {right[i]!r} ({off[i]:.1e} off)")

    def finish(self) -> str:
        """Give the worst difference, or raise with all of them."""
        if self.differences:
            raise MissedError("; ".join(self.differences))
        return f"worst relative difference {self.worst:.1e}"


def standard_errors(values: object, estimates: object) -> np.ndarray:
    """Count a standard error below 1e-7 of its estimate as zero: it belongs to a known total."""
    error, estimate = (np.atleast_1d(np.asarray(x, float)) for x in (values, estimates))
    return np.where(error < KNOWN_TOTAL * np.abs(estimate), 0.0, error)


def numbers(values: Iterable[object] | object) -> np.ndarray:
    """Read numbers of a case: null is NaN, infinities are words."""
    if values is None or isinstance(values, int | float | str):
        return np.array([np.nan if values is None else float(values)])
    return np.array([np.nan if value is None else float(value) for value in values])
