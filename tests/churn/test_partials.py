from __future__ import annotations

from random import Random

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from churn.days.bitmaps import BITS
from churn.engine.partials import by_account, merge

EVENTS = st.lists(
    st.tuples(st.sampled_from(["a", "B", "é", "10"]), st.integers(0, 5 * BITS - 1), st.sampled_from(["x", "y", None])),
    min_size=1,
    max_size=30,
)


def partials(events: list[tuple[str, int, str | None]]) -> pa.Table:
    """Every event a part of its own."""
    accounts, days, groups = zip(*events, strict=True)
    day, group = np.array(days, np.int64), pa.array(groups, pa.string())
    return pa.table(
        {
            "account_0": accounts,
            "word": (day // BITS).astype(np.int16),
            "bits": np.left_shift(1, day % BITS),
            "n_events": np.ones(len(day), np.int64),
            "first": day,
            "last": day,
            "start_group_0": group,
            "low_group_0": group,
            "high_group_0": group,
        }
    )


@settings(deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_merging_is_the_same_in_any_order(events: list[tuple[str, int, str | None]], random: Random):
    shuffled, cut = random.sample(events, len(events)), random.randint(1, len(events))
    parts = [partials(part) for part in (shuffled[:cut], shuffled[cut:]) if part]
    found = merge(parts, ["account_0"], 1, 5)
    assert found is not None
    accounts = sorted({account for account, _, _ in events})
    assert found.accounts["account_0"].to_pylist() == accounts
    for i, account in enumerate(accounts):
        mine = [(day, group) for other, day, group in events if other == account]
        days = {day for day, _ in mine}
        assert (found.first[i], found.last[i], found.n_events[i]) == (min(days), max(days), len(mine))
        assert {BITS * j + k for j in range(5) for k in range(BITS) if int(found.words[i, j]) >> k & 1} == days
        first = min(mine, key=lambda row: (row[0], row[1] is None, row[1] or ""))[1]
        assert found.groups[0][i] == first or (first is None and pd.isna(found.groups[0][i]))
        assert found.several[0][i] == (len({group for _, group in mine if group}) > 1)


def test_accounts_named_by_several_columns_come_in_their_order():
    table = pa.table({"a": ["y", "x", "y", "x"], "b": [1, 10, 0, 9], "since": [1, 2, 3, 4]})
    assert by_account(table, ["a", "b"])["since"].to_pylist() == [4, 2, 3, 1]
