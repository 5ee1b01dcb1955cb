from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn.activity import Activity, read_activity
from churn.curves import kaplan_meier
from churn.tenures import DropoutRule, Tenures, measure_tenures, read_tenures, returned_share
from surveys.errors import SpecError, StudyError
from tests.churn.logs import make_study, write_events, write_lines

GAP = 30
AT = (30, 60, 90, 120)
DAY = 86_400_000_000
START = datetime(2013, 1, 1)
LENGTH = 210
END_US = (datetime(2013, 1, 1) - datetime(1970, 1, 1)).days * DAY + LENGTH * DAY


def test_status_is_judged_a_gap_before_the_end(tmp_path: Path):
    write_lines(
        tmp_path / "log.csv",
        "account,time",
        "silent,2013-10-01T00:00:00Z",
        "silent,2013-12-02T00:00:00Z",
        "active,2013-10-01T00:00:00Z",
        "active,2013-12-02T00:00:01Z",
        "once,2013-10-01T00:00:00Z",
        "new,2013-12-02T00:00:00Z",
    )
    tenures = read_tenures(make_study(tmp_path, events="log.csv", group=["account"]))
    assert tenures.attributes["account"].tolist() == ["active", "once", "silent"]
    assert tenures.duration.tolist() == [62, 0, 62]
    assert tenures.event.tolist() == [False, True, True]
    assert tenures.n_excluded == 1
    assert [str(note) for note in tenures.notes] == [
        "sign-up is dated at the first event of an account in the log",
        "1 accounts that signed up in the last 30 days of the window are left out",
    ]
    assert tenures.summary() == "3 accounts, 2 of them gone"


def test_a_log_of_days_is_judged_at_the_end_of_a_day(tmp_path: Path):
    rows = [("silent", date(2013, 10, 1)), ("silent", date(2013, 12, 1))]
    rows += [("active", date(2013, 10, 1)), ("active", date(2013, 12, 2)), ("new", date(2013, 12, 2))]
    write_events(tmp_path / "log.parquet", rows, pa.date32())
    tenures = read_tenures(make_study(tmp_path, events="log.parquet", timezone="Europe/Paris"))
    assert tenures.duration.tolist() == [61, 61]
    assert tenures.event.tolist() == [False, True]
    assert tenures.n_excluded == 1


def test_a_gap_longer_than_the_log_is_refused(tmp_path: Path):
    write_events(tmp_path / "log.parquet", [("a", date(2013, 12, 15))], pa.date32())
    with pytest.raises(StudyError) as caught:
        read_tenures(make_study(tmp_path, events="log.parquet"))
    assert str(caught.value) == (
        "study.toml, usage.dropout.gap_days: all accounts signed up in the 30 days before 2013-12-31. "
        "Shorten the gap, or use a longer log."
    )


def test_share_that_came_back_counts_whole_silent_days(tmp_path: Path):
    days = {"never": [1], "soon": [1, 31], "late": [1, 32]}
    rows = [(name, date(2013, 1, 1) + pd.Timedelta(days=day - 1)) for name, when in days.items() for day in when]
    write_events(tmp_path / "log.parquet", rows, pa.date32())
    activity = read_activity(make_study(tmp_path, events="log.parquet"))
    assert returned_share(activity, 30).estimate == pytest.approx(1 / 3)
    assert returned_share(activity, 29).estimate == pytest.approx(2 / 3)


def simulate_log(path: Path, n_accounts: int) -> np.ndarray:
    """Draw Weibull lifetimes, activity at gamma rates, sign-up over 180 days of 210; give the last activity ever."""
    rng = np.random.default_rng(7)
    signup = rng.uniform(0, 180, n_accounts)
    lifetime = 60 * rng.weibull(0.7, n_accounts)
    rate = rng.gamma(2, 0.35 / 2, n_accounts) + 0.02
    number = rng.poisson(rate * lifetime)
    account = np.repeat(np.arange(n_accounts), number)
    since = rng.random(len(account)) * lifetime[account]
    last = np.zeros(n_accounts)
    np.maximum.at(last, account, since)
    accounts = np.concatenate([np.arange(n_accounts), account])
    days = np.concatenate([signup, signup[account] + since])
    seen = days < LENGTH
    start = np.datetime64(START, "us").astype(np.int64)
    times = pa.array(start + np.floor(days[seen] * DAY).astype(np.int64), pa.timestamp("us", tz="UTC"))
    pq.write_table(pa.table({"account": accounts[seen], "time": times}), path)
    return last


def survival(tenures: Tenures) -> list[float]:
    curve = kaplan_meier(tenures)
    return [curve.at(day).estimate for day in AT]


def habits(activity: Activity) -> dict[str, list[float]]:
    """The two common habits: an account still seen is censored at its last activity, or at the end of the log."""
    gone = activity.end - activity.last >= GAP * DAY
    lived = activity.last - activity.first
    observed = np.where(gone, lived, activity.end - activity.first)
    return {
        "censored at last activity": survival(Tenures(duration=np.ceil(lived / DAY), event=gone)),
        "censored at the end": survival(Tenures(duration=np.ceil(observed / DAY), event=gone)),
    }


def test_the_rule_finds_the_planted_dropout_and_the_common_habits_do_not(tmp_path: Path):
    last = simulate_log(tmp_path / "log.parquet", 200_000)
    truth = np.array([(last > day).mean() for day in AT])
    as_of = date(2013, 1, 1) + pd.Timedelta(days=LENGTH - 1)
    activity = read_activity(make_study(tmp_path, events="log.parquet", as_of=as_of))
    assert activity.end == END_US
    ours = survival(measure_tenures(activity, DropoutRule("inactive", GAP)))
    np.testing.assert_allclose(ours, truth, atol=0.005)
    for name, theirs in habits(activity).items():
        assert (np.array(theirs) > truth + 0.015).all(), name
        assert theirs[-1] / truth[-1] > 1.25, name


def test_impossible_tenures_are_refused():
    with pytest.raises(SpecError) as caught:
        Tenures(duration=[1, -1, np.nan], event=[True, False], entry=[0, 0, 0])
    assert str(caught.value).splitlines() == [
        "Tenures.event: has 2 rows, expected 3. Give one row per account.",
        "Tenures.duration: 2 durations are missing, negative or endless. Give the time from sign-up, 0 or more.",
        "Tenures.entry: 1 accounts leave before they enter. Correct them.",
    ]


def test_later_changes_to_the_input_do_not_reach_the_tenures():
    duration = np.array([1.0, 2.0])
    tenures = Tenures(duration=duration, event=[True, False])
    duration[0] = 9
    assert tenures.duration.tolist() == [1, 2]


@pytest.mark.parametrize(("rule", "gap"), [("gone", 30), ("inactive", 0)])
def test_a_rule_that_is_none_is_refused(rule: str, gap: int):
    with pytest.raises(SpecError):
        DropoutRule(rule, gap)  # type: ignore[arg-type]


def test_a_log_has_no_closing_dates(tmp_path: Path):
    write_events(tmp_path / "log.parquet", [("a", date(2013, 1, 15))], pa.date32())
    activity = read_activity(make_study(tmp_path, events="log.parquet"))
    with pytest.raises(StudyError, match="rule 'closed' needs the closing date of each account"):
        measure_tenures(activity, DropoutRule("closed"))
