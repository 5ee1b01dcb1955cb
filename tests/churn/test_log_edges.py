"""Tests of the edges of a log: accounts older than it, a silent end, years far from the window."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from churn.cohorts.lifecycle import measure_lifecycle, never_returned
from churn.cohorts.retention import measure_retention
from churn.cohorts.triangle import retention_triangle
from churn.definitions.fan import compare_definitions
from churn.projection.purchase_counts import count_purchases
from churn.recurrent.recurrences import measure_recurrences
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.tenures import read_tenures
from churn.usage.accounts import read_accounts
from churn.usage.log import read_activity
from churn.usage.states import load_states, merge_states, read_states, write_states
from surveys.core.errors import StudyError
from surveys.core.results import Estimate
from surveys.study.schema import Study
from tests.churn.logs import make_study, write_lines

BEGIN, END = date(2021, 3, 1), date(2021, 12, 31)


def every(days: int, first: date, last: date) -> list[date]:
    return [first + timedelta(days=k) for k in range(0, (last - first).days + 1, days)]


def write_log(folder: Path, accounts: dict[str, Iterable[date]], name: str = "log.csv") -> None:
    rows = [f"{account},{day}" for account, days in accounts.items() for day in days]
    write_lines(folder / name, "account,time", *rows)


def make_log(folder: Path, accounts: dict[str, Iterable[date]], **usage: Any) -> Study:
    """A study of a log of which nothing is said beyond its columns, unless a test says more."""
    write_log(folder, accounts)
    given = {"events": "log.csv", "account": "account", "time": "time"} | usage
    about = {"title": "a study", "as_of": END}
    return Study.model_validate({"folder": folder, "study": about, "usage": given})


def older(n: int, last: date = END) -> dict[str, Iterable[date]]:
    """Accounts that were there before the log begins, seen every eight days."""
    return {f"old{i}": every(8, BEGIN + timedelta(days=i % 8), last) for i in range(n)}


def newer(n: int) -> dict[str, Iterable[date]]:
    """Accounts opened in May, seen on that day alone."""
    return {f"new{i}": [date(2021, 5, 1) + timedelta(days=i)] for i in range(n)}


def test_accounts_older_than_the_log_are_no_signups(tmp_path: Path):
    study = make_log(tmp_path, older(60) | newer(12))
    activity, tenures = read_activity(study), read_tenures(study)
    assert (activity.n_accounts, activity.n_signups, tenures.n_accounts) == (72, 12, 12)
    dropout = kaplan_meier(tenures).dropout(at=30)
    assert isinstance(dropout, Estimate)
    assert dropout.estimate == 1
    told = [str(note) for note in tenures.notes if "opening" in str(note) or "first seen" in str(note)]
    assert told == [
        "accounts first seen in the first 30 days of the log may have been opened before it begins, and count "
        "neither as sign-ups nor in tenures and cohorts: 60 of 72"
    ]


def test_everything_that_counts_signups_leaves_them_out(tmp_path: Path):
    activity = read_activity(make_log(tmp_path, older(60) | newer(12)))
    triangle, retention = retention_triangle(activity), measure_retention(activity)
    assert triangle.n_accounts.tolist() == [12]
    assert (triangle.cohort, retention.n) == ((date(2021, 5, 1),), 12)
    never = never_returned(activity)
    assert isinstance(never, Estimate)
    assert (never.estimate, never.n) == (1, 12)
    fan = compare_definitions(activity).to_frame()
    assert fan.loc[fan["definition"] == "unseen", "n"].max() == 12
    assert count_purchases(activity).n_accounts == 12
    assert measure_recurrences(activity).n_accounts == 12


def test_the_lifecycle_tells_them_from_new_ones_and_still_adds_up(tmp_path: Path):
    lifecycle = measure_lifecycle(read_activity(make_log(tmp_path, older(60) | newer(12))))
    assert (lifecycle.n_new.sum(), lifecycle.n_already.sum()) == (12, 60)
    assert lifecycle.n_resurrected.sum() == 0
    parts = lifecycle.n_new + lifecycle.n_already + lifecycle.n_retained + lifecycle.n_resurrected
    assert parts.tolist() == lifecycle.n_active.tolist()
    assert lifecycle.n_dormant[-1] == 12


def test_a_study_says_that_the_log_begins_with_the_service(tmp_path: Path):
    study = make_log(tmp_path, older(60) | newer(12), opening_days=0)
    assert read_tenures(study).n_accounts == 72
    assert not any("first seen" in str(note) for note in read_tenures(study).notes)


def test_a_study_may_name_another_window(tmp_path: Path):
    study = make_log(tmp_path, older(60) | newer(12), opening_days=4)
    assert read_activity(study).n_signups == 40


def test_where_all_are_there_from_the_beginning_nobody_can_tell_and_it_is_said(tmp_path: Path):
    tenures = read_tenures(make_log(tmp_path, older(60)))
    assert tenures.n_accounts == 60
    assert any("cannot be told" in str(note) for note in tenures.notes)
    with pytest.raises(StudyError, match=r"usage\.opening_days: all 60 accounts are first seen in the first 30 days"):
        read_tenures(make_log(tmp_path, older(60), opening_days=30))


def test_the_window_holds_on_the_clock_of_24_hours_and_for_states_kept_between_readings(tmp_path: Path):
    study = make_log(tmp_path, older(60) | newer(12))
    assert read_activity(study, clock="elapsed").n_signups == 12
    write_states(merge_states(read_states(study)), tmp_path / "kept.parquet")
    assert load_states(tmp_path / "kept.parquet").to_activity().n_signups == 12


def test_a_log_that_ends_long_before_the_window_is_a_problem(tmp_path: Path):
    study = make_log(tmp_path, older(120, last=date(2021, 8, 31)), opening_days=0)
    with pytest.raises(StudyError) as error:
        read_tenures(study)
    assert str(error.value) == (
        "log.csv: the last event is on 2021-08-31, 122 days before as_of (2021-12-31), and 120 accounts were active "
        "in the 30 days before it: all of them would look gone. Set as_of = 2021-08-31 in study.toml, or "
        "silent_end = true under [usage] if the silence is true."
    )


def test_a_silence_that_is_true_is_declared(tmp_path: Path):
    study = make_log(tmp_path, older(120, last=date(2021, 8, 31)), opening_days=0, silent_end=True)
    assert read_tenures(study).event.all()


def test_a_silence_of_few_accounts_is_told(tmp_path: Path):
    tenures = read_tenures(make_log(tmp_path, older(20, last=date(2021, 8, 31)), opening_days=0))
    assert any("the last event is on 2021-08-31, 122 days before" in str(note) for note in tenures.notes)


def test_a_short_silence_that_is_unlike_any_other_of_the_log_is_told(tmp_path: Path):
    early = read_activity(make_log(tmp_path, older(120, last=date(2021, 12, 17))))
    assert any("the last event is on 2021-12-17" in str(note) for note in early.notes)
    assert not any("last event" in str(note) for note in read_activity(make_log(tmp_path, older(120))).notes)


@pytest.mark.parametrize("unit", ["ms", "us"])
def test_seconds_read_as_a_smaller_unit_are_a_problem(tmp_path: Path, unit: str):
    seconds = [1_614_600_000 + 86_400 * k for k in range(200)]
    write_lines(tmp_path / "log.csv", "account,time", *(f"a{k % 9},{at}" for k, at in enumerate(seconds)))
    with pytest.raises(StudyError, match=r"log\.csv: events lie between 1970-01-\d\d and 1970-01-\d\d, 18,\d\d\d days"):
        read_activity(make_study(tmp_path, as_of=END, events="log.csv", time_unit=unit))
    assert read_activity(make_study(tmp_path, as_of=END, events="log.csv", time_unit="s")).n_accounts == 9


@pytest.mark.parametrize(
    ("stray", "told"),
    [
        (date(1970, 1, 1), r"has events on 1970-01-01 and before, then none until 2021-03-01"),
        (date(2262, 4, 11), r"has an event on 2262-04-11, more than ten years after as_of"),
    ],
)
def test_a_year_far_from_the_others_is_a_problem(tmp_path: Path, stray: date, told: str):
    with pytest.raises(StudyError, match=told):
        read_activity(make_log(tmp_path, older(20) | {"stray": [stray]}))


def test_a_table_of_accounts_whose_last_activity_is_long_past_is_a_problem(tmp_path: Path):
    rows = [f"a{i},2021-0{1 + i % 5}-11,2021-07-{1 + i % 28:02d}" for i in range(150)]
    write_lines(tmp_path / "accounts.csv", "account,opened,seen", *rows)
    about = {"accounts": "accounts.csv", "signup": "opened", "last_seen": "seen"}
    with pytest.raises(StudyError, match=r"accounts\.csv, column 'seen': the last event is on 2021-07-28, 156 days"):
        read_accounts(make_study(tmp_path, as_of=END, **about))
    assert read_accounts(make_study(tmp_path, as_of=END, silent_end=True, **about)).n_accounts == 150
    assert read_accounts(make_study(tmp_path, as_of=date(2021, 8, 1), **about)).n_accounts == 150


def test_dates_of_1970_among_others_of_a_table_are_a_problem(tmp_path: Path):
    rows = [f"a{i},{'1970-01-01' if i == 3 else '2021-05-11'},2021-12-0{1 + i}" for i in range(9)]
    write_lines(tmp_path / "accounts.csv", "account,opened,seen", *rows)
    with pytest.raises(StudyError, match=r"row 5, column 'opened': 1 of 9 accounts have signup on 1970-01-01"):
        read_accounts(make_study(tmp_path, as_of=END, accounts="accounts.csv", signup="opened", last_seen="seen"))


def test_the_example_holds_every_account_from_its_opening_on():
    from reports.examples import open_example

    activity = read_activity(open_example("twitter_france"))
    assert activity.there_before is None
    assert np.array_equal(activity.signups().first, activity.first)
