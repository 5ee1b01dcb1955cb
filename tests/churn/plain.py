"""Activity made from sets of days, and the same questions answered by plain loops."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from churn.days.bitmaps import BITS, words_needed
from churn.days.zones import DAY, day_number
from churn.usage.activity import Activity

START = date(2012, 11, 20)

logs = st.dictionaries(st.integers(0, 30), st.sets(st.integers(0, 200), min_size=1), min_size=1)


def activity_of(days: Mapping[int, set[int]], n_days: int = 201, start: date = START) -> Activity:
    """A log of days that starts on a date; days are counted from it."""
    origin = day_number(start)
    names = sorted(days)
    words = np.zeros((len(names), words_needed(n_days)), np.uint64)
    for row, name in enumerate(names):
        for day in days[name]:
            words[row, day // BITS] |= np.uint64(1 << day % BITS)
    first = np.array([min(days[name]) for name in names]) + origin
    last = np.array([max(days[name]) for name in names]) + origin
    return Activity(
        accounts=pd.DataFrame({"account": names}),
        attributes=pd.DataFrame(index=range(len(names))),
        n_events_of=np.array([len(days[name]) for name in names]),
        first=first * DAY,
        last=last * DAY,
        first_day=first,
        last_day=last,
        words=words,
        origin=origin,
        end=(origin + n_days) * DAY,
        end_day=origin + n_days,
        timezone="UTC",
        grain="day",
        n_events=sum(map(len, days.values())),
    )


def dates_of(days: Mapping[int, set[int]], start: date = START) -> dict[int, list[date]]:
    """Dates of activity of each account, rising."""
    return {name: [start + timedelta(days=day) for day in sorted(seen)] for name, seen in days.items()}
