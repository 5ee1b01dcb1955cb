"""Weeks begin on the day that the study names, in cohorts, ages and periods alike."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from churn.cohorts.lifecycle import measure_lifecycle
from churn.cohorts.retention import measure_retention
from churn.cohorts.rules import RetentionRule
from churn.days.periods import period_of, period_start, period_starts
from churn.days.zones import day_number
from churn.usage.activity import Activity
from churn.usage.log import read_activity
from surveys.study.file import inspect_study, read_study
from surveys.study.schema import WEEKDAYS

ZONE = "Pacific/Auckland"
STUDY = """
[study]
title = "weeks"
as_of = 2024-06-30
timezone = "Pacific/Auckland"
{week}
[usage]
events = "events.csv"
account = "u"
time = "t"
opening_days = 0
dropout = {{ rule = "inactive", gap_days = 30, horizon_days = 30 }}
"""


def local(when: str) -> str:
    """Write a local time of Auckland as an instant."""
    return pd.Timestamp(when).tz_localize(ZoneInfo(ZONE)).tz_convert("UTC").isoformat()


def read(folder: Path, events: list[tuple[str, str]], week: str = "") -> Activity:
    rows = pd.DataFrame([(who, local(when)) for who, when in events], columns=["u", "t"])
    rows.to_csv(folder / "events.csv", index=False)
    (folder / "study.toml").write_text(STUDY.format(week=week), encoding="utf-8")
    return read_activity(read_study(folder))


EVENTS = [
    ("a", "2024-03-02 23:30"),  # Saturday night
    ("a", "2024-03-03 00:30"),  # Sunday
    ("b", "2024-03-03 23:30"),  # Sunday night
    ("b", "2024-03-04 00:30"),  # Monday
    ("c", "2024-04-06 12:00"),  # Saturday; clocks go back on Sunday
    ("c", "2024-04-08 12:00"),
]
WEEKLY = RetentionRule(period="week", clock="calendar")


@pytest.mark.parametrize("first", WEEKDAYS)
def test_a_week_is_seven_days_from_its_first(first):
    days = np.arange(-800, 800)
    number = period_of(days, "week", first)
    starts = period_start(number, "week", first)
    assert ((days - starts >= 0) & (days - starts < 7)).all()
    wanted = WEEKDAYS.index(first)
    assert all((date(1970, 1, 1) + timedelta(days=int(day))).weekday() == wanted for day in np.unique(starts))
    assert (np.diff(period_starts(-30, 40, "week", first)) == 7).all()


@pytest.mark.parametrize(
    ("week", "cohorts", "later"),
    [
        ("", {date(2024, 2, 26): 2, date(2024, 4, 1): 1}, {date(2024, 2, 26): 1, date(2024, 4, 1): 1}),
        (
            'week_starts = "sunday"',
            {date(2024, 2, 25): 1, date(2024, 3, 3): 1, date(2024, 3, 31): 1},
            {date(2024, 2, 25): 1, date(2024, 3, 3): 0, date(2024, 3, 31): 1},
        ),
        (
            'week_starts = "saturday"',
            {date(2024, 3, 2): 2, date(2024, 4, 6): 1},
            {date(2024, 3, 2): 0, date(2024, 4, 6): 0},
        ),
    ],
)
def test_cohorts_and_ages_are_counted_in_the_weeks_of_the_study(tmp_path: Path, week, cohorts, later):
    found = measure_retention(read(tmp_path, EVENTS, week), WEEKLY).to_frame()
    at = {age: found[found["age"] == age].set_index("cohort") for age in (0, 1)}
    assert {day: int(row["n_accounts"]) for day, row in at[0].iterrows()} == cohorts
    assert {day: int(row["n_active"]) for day, row in at[1].iterrows()} == later


@pytest.mark.parametrize("first", WEEKDAYS)
def test_periods_begin_on_that_day_and_lose_nobody(tmp_path: Path, first):
    found = measure_lifecycle(read(tmp_path, EVENTS, f'week_starts = "{first}"'), period="week")
    assert {day.weekday() for day in found.period_start} == {WEEKDAYS.index(first)}
    assert int(found.n_new.sum()) == 3
    counted = {day_number(day): int(n) for day, n in zip(found.period_start, found.n_active, strict=True)}
    local_days = [(who, day_number(date.fromisoformat(when[:10]))) for who, when in EVENTS]
    for start, n in counted.items():
        assert n == len({who for who, day in local_days if start <= day < start + 7})


def test_the_note_names_the_day(tmp_path: Path):
    notes = map(str, measure_retention(read(tmp_path, EVENTS, 'week_starts = "sunday"'), WEEKLY).notes)
    assert "ages are calendar weeks, from Sunday, after that of sign-up" in set(notes)


def test_another_word_is_refused_with_the_nearest(tmp_path: Path):
    (tmp_path / "study.toml").write_text(STUDY.format(week='week_starts = "sundy"'), encoding="utf-8")
    told = str(inspect_study(tmp_path)[1][0])
    assert told.startswith("study.toml, [study]: got 'sundy' for 'week_starts'")
    assert told.endswith("Did you mean 'sunday'?")
