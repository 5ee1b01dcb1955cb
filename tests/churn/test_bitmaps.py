from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn.days.bitmaps import BITS, any_between, shift_later, words_needed

N_DAYS = 150


def bitmap(days: set[int], n_days: int = N_DAYS) -> np.ndarray:
    words = np.zeros((1, words_needed(n_days)), np.uint64)
    for day in days:
        words[0, day // BITS] |= np.uint64(1 << day % BITS)
    return words


active_days = st.sets(st.integers(0, N_DAYS - 1), min_size=1)


@given(active_days, st.integers(-10, 200), st.integers(-10, 200))
def test_any_between_is_half_open(days: set[int], start: int, stop: int):
    assert any_between(bitmap(days), start, stop)[0] == any(start <= day < stop for day in days)


@given(active_days, st.integers(0, 200))
def test_shifting_moves_every_day(days: set[int], by: int):
    room = bitmap(set(), N_DAYS).shape[1] * BITS
    assert (shift_later(bitmap(days), by) == bitmap({day + by for day in days if day + by < room})).all()


@pytest.mark.parametrize(("days", "words"), [(1, 1), (62, 1), (63, 2), (455, 8)])
def test_words_hold_62_days(days: int, words: int):
    assert words_needed(days) == words
