from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from churn.definitions._arrays import dropout_within, silences
from churn.definitions.fan import compare_definitions
from churn.definitions.gaps import choose_gap
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.rules import DropoutRule
from churn.tenures.tenures import Tenures, measure_tenures, returned_share
from churn.usage.log import read_activity
from surveys.core.errors import SpecError
from surveys.core.results import Estimate, Unavailable
from tests.churn.logs import make_study, write_lines
from tests.churn.plain import START, activity_of, dates_of, logs

mpl.use("agg")

END = START + timedelta(days=201)


def later(day: date, months: int) -> date:
    return (pd.Timestamp(day) + pd.DateOffset(months=months)).date()


@settings(max_examples=15, deadline=None)
@given(days=logs)
def test_absent_and_unseen_are_what_plain_loops_count(days: dict[int, set[int]]):
    frame = compare_definitions(activity_of(days), gaps=()).to_frame().set_index(["definition", "month"])
    edges = {
        "30 days": lambda day: (day + timedelta(days=30), day + timedelta(days=60)),
        "anniversary": lambda day: (later(day, 1), later(day, 2)),
        "calendar": lambda day: (later(day.replace(day=1), 1), later(day.replace(day=1), 2)),
    }
    for month, edge in edges.items():
        windows = [(seen, *edge(seen[0])) for seen in dates_of(days).values()]
        absent = [not any(low <= day < high for day in seen) for seen, low, high in windows if high <= END]
        unseen = [not any(low <= day for day in seen) for seen, low, high in windows if high <= END]
        for name, found in (("absent", absent), ("unseen", unseen)):
            assert tuple(frame.loc[(name, month), ["n_dropped", "n"]]) == (sum(found), len(found))


@settings(max_examples=15, deadline=None)
@given(days=logs, gap=st.integers(1, 90))
def test_gone_within_30_days_is_the_headline(days: dict[int, set[int]], gap: int):
    activity = activity_of(days | {99: {0}})
    fan = compare_definitions(activity, gaps=(gap,))
    found = fan.at("gone", gap_days=gap)
    expected = kaplan_meier(measure_tenures(activity, DropoutRule("inactive", gap))).dropout(at=30)
    assert type(found) is type(expected)
    if isinstance(expected, Estimate):
        for name in ("estimate", "std_error", "conf_low", "conf_high", "n"):
            assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-12, nan_ok=True)
    back = fan.to_frame().set_index("definition").loc["gone", "returned"].iloc[0]
    assert back == pytest.approx(returned_share(activity, gap).estimate)


def test_without_censoring_the_share_of_ones_own_month_is_plain():
    days = {i: {i, i + i % 45} for i in range(60)}
    activity = activity_of(days, 400)
    fan = compare_definitions(activity, gaps=(30,))
    last_of_month = [later((START + timedelta(days=i)).replace(day=1), 1) for i in range(60)]
    gone = {
        "anniversary": np.mean(
            [START + timedelta(days=max(days[i])) < later(START + timedelta(days=i), 1) for i in days]
        ),
        "calendar": np.mean([START + timedelta(days=max(days[i])) < last_of_month[i] for i in days]),
    }
    for month, share in gone.items():
        assert fan.at("gone", month=month, gap_days=30).estimate == pytest.approx(share)
        assert fan.at("next_visit", month=month).estimate == pytest.approx(share)


def test_months_of_equal_length_give_the_product_limit():
    rng = np.random.default_rng(3)
    duration, event = rng.integers(0, 60, 500), rng.random(500) < 0.6
    curve = kaplan_meier(Tenures(duration=duration, event=event))
    expected = curve.dropout(at=27)
    found = dropout_within(duration, event, np.full(500, 28), 0.95)
    expected_values = (expected.estimate, expected.std_error, expected.conf_low, expected.conf_high)
    assert found == pytest.approx(expected_values, abs=1e-12)


def test_a_curve_that_stops_within_the_month_is_not_extended():
    short = (np.array([3, 5]), np.array([True, False]), np.array([28, 28]))
    assert np.isnan(dropout_within(*short, 0.95)).all()
    fan = compare_definitions(activity_of({1: {0}, 2: {0, 15}}, 20), gaps=(7, 30))
    assert isinstance(fan.at("gone", gap_days=30), Unavailable)
    assert str(fan.at("gone", gap_days=7)) == "the log is too short for this definition"


def test_the_zone_moves_the_calendar_and_not_the_hours(tmp_path: Path):
    write_lines(
        tmp_path / "log.csv",
        "account,time",
        "a,2013-01-31T23:30:00Z",
        "a,2013-03-01T00:30:00Z",
        "b,2013-02-10T00:00:00Z",
    )
    zones = {
        zone: read_activity(make_study(tmp_path, events="log.csv", timezone=zone, as_of=date(2013, 6, 30)))
        for zone in ("UTC", "Europe/Paris")
    }
    fan = compare_definitions(zones, gaps=(30,))
    frame = fan.to_frame()
    assert frame["zone"].unique().tolist() == ["UTC", "Europe/Paris"]
    assert fan.at("absent", month="calendar", zone="UTC").estimate == 1.0
    assert fan.at("absent", month="calendar", zone="Europe/Paris").estimate == 0.5
    assert fan.at("unseen", zone="UTC").estimate == fan.at("unseen", zone="Europe/Paris").estimate
    assert str(fan.notes[-1]) == "the second 30 days are counted in local dates, not in periods of 24 hours"


def test_elapsed_activity_counts_the_second_30_days_in_hours(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "account,time", "a,2013-01-01T12:00:00Z", "a,2013-01-31T11:00:00Z")
    study = make_study(tmp_path, events="log.csv", as_of=date(2013, 6, 30))
    local, elapsed = read_activity(study), read_activity(study, clock="elapsed")
    assert compare_definitions(local, gaps=()).at("absent").estimate == 0.0
    fan = compare_definitions(local, elapsed=elapsed, gaps=())
    assert fan.at("absent").estimate == 1.0
    assert not any("local dates" in str(note) for note in fan.notes)
    with pytest.raises(SpecError, match="elapsed days, local ones are needed"):
        compare_definitions(elapsed)


def plain_silences(seen: list[int], n_days: int, gap: int) -> tuple[bool, bool]:
    """Whether an account was silent for `gap` days early enough, and whether it came back after such a silence."""
    starts = [(day, after - day - 1) for day, after in pairwise(seen)] + [(seen[-1], n_days - seen[-1] - 1)]
    early = [(i, day) for i, (day, length) in enumerate(starts) if length >= gap and day < n_days - 2 * gap]
    return bool(early), any(i < len(starts) - 1 for i, _ in early)


@settings(max_examples=30, deadline=None)
@given(days=logs, gaps=st.sets(st.integers(1, 100), min_size=1))
def test_silences_are_what_plain_loops_count(days: dict[int, set[int]], gaps: set[int]):
    activity = activity_of(days)
    silent, returned, ever = silences(activity.words, 201, sorted(gaps))
    for i, gap in enumerate(sorted(gaps)):
        found = [plain_silences(sorted(seen), 201, gap) for seen in days.values()]
        assert (silent[i], returned[i]) == (sum(a for a, _ in found), sum(b for _, b in found))
        assert ever[i] / len(days) == pytest.approx(returned_share(activity, gap).estimate)


def test_the_gap_chosen_is_the_shortest_from_which_on_few_come_back():
    days = {i: {0, 10} for i in range(10)} | {i: {0, 30} for i in range(10, 12)} | {i: {0} for i in range(12, 100)}
    choice = choose_gap(activity_of(days), error=0.05, gaps=(5, 9, 10, 29, 60))
    assert choice.share.tolist() == pytest.approx([0.12, 0.12, 0.02, 0.02, 0.0])
    assert choice.chosen == 10
    assert choice.summary() == "after 10 silent days 2.0% [0.6%, 7.0%], n = 100 come back, at most 5.0% accepted"
    assert choose_gap(activity_of(days), error=0.01, gaps=(5, 10, 60)).chosen == 60
    none = choose_gap(activity_of(days), error=0.01, gaps=(5, 10)).chosen
    assert str(none) == "more than 1.0% of the accounts come back after each of the silences tried"


def test_silences_that_could_not_be_followed_do_not_count():
    days = {1: {0, 50}, 2: {160}}
    choice = choose_gap(activity_of(days), gaps=(20, 40, 90))
    assert choice.n_silent.tolist() == [2, 1, 0]
    assert choice.n_returned.tolist() == [1, 1, 0]
    assert isinstance(choice.at(90), Unavailable)


@pytest.mark.parametrize(
    ("made", "place"),
    [
        (lambda a: choose_gap(a, error=5), "choose_gap, error"),
        (lambda a: choose_gap(a, gaps=(0, 5)), "choose_gap, gaps"),
        (lambda a: choose_gap(a, gaps=(150,)), "choose_gap, gaps"),
        (lambda a: choose_gap(a).at(13), "GapChoice.at"),
        (lambda a: compare_definitions(a, gaps=(0,)), "compare_definitions"),
        (lambda a: compare_definitions(a, elapsed=a), "compare_definitions, elapsed"),
        (lambda a: compare_definitions(a).at("gone", gap_days=8), "DefinitionFan.at"),
    ],
)
def test_wrong_options_are_refused(made, place: str):
    with pytest.raises(SpecError, match=place):
        made(activity_of({1: {0, 5}}))


def test_figures_hold_one_mark_per_definition_and_gap():
    activity = activity_of({i: {0, i} for i in range(1, 60)})
    fan = compare_definitions(activity, gaps=(30,))
    assert len(fan.plot(Figure().add_subplot()).get_yticklabels()) == 14
    low, high = fan.range
    assert 0 <= low <= high <= 1
    choice = choose_gap(activity, gaps=(10, 20))
    assert choice.plot(Figure().add_subplot()).lines[0].get_xdata().tolist() == [10, 20]
