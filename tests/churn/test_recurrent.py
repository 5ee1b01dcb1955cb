from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from churn.recurrent.mean_cumulative import (
    MeanCumulativeFunction,
    mean_cumulative_function,
)
from churn.recurrent.recurrences import Recurrences, measure_recurrences
from churn.survival.nelson_aalen import nelson_aalen
from churn.tenures.tenures import Tenures
from churn.usage.log import read_activity
from reports.examples import open_example
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Estimate, Unavailable

mpl.use("agg")

spans = st.lists(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 6), st.lists(st.integers(1, 6), max_size=4)), max_size=4),
    min_size=1,
    max_size=8,
).filter(lambda accounts: any(accounts))


def make_recurrences(drawn: list[list[tuple[int, int, list[int]]]]) -> Recurrences:
    """Each account: stretches of observation after a gap, of a length, with events within."""
    account, time, owner, start, stop = [], [], [], [], []
    for i, stretches in enumerate(stretch for stretch in drawn if stretch):
        now = 0
        for gap, length, events in stretches:
            begin, now = now + gap, now + gap + length
            owner.append(i)
            start.append(begin)
            stop.append(now)
            for event in events:
                if event <= length:
                    account.append(i)
                    time.append(begin + event)
    n = len({*owner})
    return Recurrences(
        account=account, time=time, owner=owner, start=start, stop=stop, attributes=pd.DataFrame(index=range(n))
    )


def by_hand(given_: Recurrences, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    moved, mean, found = np.zeros(given_.n_accounts), 0.0, []
    for time in times:
        at_risk = np.bincount(
            given_.owner[(given_.start < time) & (time <= given_.stop)], minlength=given_.n_accounts
        ).astype(float)
        events = np.bincount(given_.account[given_.time == time], minlength=given_.n_accounts)
        n = at_risk.sum()
        if n:
            mean += events.sum() / n
            moved += (events - at_risk * events.sum() / n) / n
        found.append((mean, np.square(moved).sum()))
    return np.array(found)[:, 0], np.array(found)[:, 1]


@given(spans)
def test_agrees_with_sums_over_accounts_done_by_hand(drawn: list[list[tuple[int, int, list[int]]]]):
    recurrences = make_recurrences(drawn)
    found = mean_cumulative_function(recurrences)
    mean, variance = by_hand(recurrences, found.time)
    np.testing.assert_allclose(found.mean, mean, atol=1e-12)
    np.testing.assert_allclose(found.std_error**2, variance, atol=1e-12)


def test_an_event_that_ends_observation_is_a_departure():
    duration, event = np.array([1.0, 2, 2, 3, 5]), np.array([1, 1, 0, 1, 0])
    frame = pd.DataFrame({"id": range(5), "start": 0, "stop": duration, "event": event})
    given_ = Recurrences.from_spans(frame, account="id", start="start", stop="stop", event="event")
    hazard = nelson_aalen(Tenures(duration=duration, event=event == 1), std_errors="jackknife")
    found = mean_cumulative_function(given_)
    np.testing.assert_allclose(found.mean, hazard.cumulative_hazard, atol=1e-12)
    np.testing.assert_allclose(found.std_error, hazard.std_error, atol=1e-12)
    poisson = mean_cumulative_function(given_, std_errors="poisson")
    aalen = nelson_aalen(Tenures(duration=duration, event=event == 1))
    np.testing.assert_allclose(poisson.std_error, aalen.std_error, atol=1e-12)


def test_observed_alike_it_is_the_mean_and_its_standard_error():
    n_events = np.array([0, 1, 4, 2, 7])
    events = pd.DataFrame({"account": np.repeat(np.arange(5), n_events)})
    events["time"] = events.groupby("account").cumcount() + 1.0
    accounts = pd.DataFrame({"account": np.arange(5), "end": 10})
    found = mean_cumulative_function(Recurrences.from_tables(events, accounts), conf_type="plain").at(10)
    assert isinstance(found, Estimate)
    assert found.estimate == pytest.approx(n_events.mean())
    assert found.std_error == pytest.approx(n_events.std() / np.sqrt(5))
    assert found.conf_high - found.estimate == pytest.approx(1.959963984540054 * found.std_error)


def test_busy_accounts_make_poisson_errors_too_small():
    rng = np.random.default_rng(2)
    n_events = rng.poisson(rng.gamma(0.5, 20, 400))
    events = pd.DataFrame({"account": np.repeat(np.arange(400), n_events)})
    events["time"] = rng.integers(1, 100, len(events))
    accounts = pd.DataFrame({"account": np.arange(400), "end": 100})
    given_ = Recurrences.from_tables(events, accounts)
    robust, poisson = (mean_cumulative_function(given_, std_errors=x) for x in ("robust", "poisson"))
    assert robust.std_error[-1] > 3 * poisson.std_error[-1]
    assert poisson.method == "mean cumulative function, Poisson variance, log interval"


def test_each_group_is_estimated_for_itself():
    events = pd.DataFrame({"account": ["a", "a", "b", "d"], "time": [3, 5, 4, 2]})
    accounts = pd.DataFrame({"account": list("abcd"), "end": [9, 6, 4, 3], "age": ["x", "y", "y", None]})
    found = mean_cumulative_function(Recurrences.from_tables(events, accounts), by="age")
    assert {level: curve.n for level, curve in found.items()} == {"x": 1, "y": 2}
    assert found["y"].mean.tolist() == [0.5, 0.5]
    assert [str(note) for note in found["y"].notes] == ["1 account without a value of age is left out"]


def test_spans_and_tables_give_the_same():
    frame = pd.DataFrame(
        {"id": ["b", "a", "a"], "start": [0, 3, 0], "stop": [4, 9, 3], "event": [0, 0, 1], "age": ["y", "x", "x"]}
    )
    ours = Recurrences.from_spans(
        frame, account="id", start="start", stop="stop", event="event", attributes=["age"], time_unit="weeks"
    )
    assert ours.attributes["age"].tolist() == ["x", "y"]
    assert ours.to_frame().values.tolist() == [["x", 0, 3.0]]
    events = pd.DataFrame({"account": ["a"], "time": [3]})
    accounts = pd.DataFrame({"account": ["a", "b"], "end": [9, 4], "age": ["x", "y"]})
    theirs = Recurrences.from_tables(events, accounts, time_unit="weeks")
    curves = [mean_cumulative_function(x, by="age")["x"].at(9) for x in (ours, theirs)]
    assert curves[0] == curves[1]


def test_active_days_of_a_log_are_events():
    activity = read_activity(open_example("twitter_france"))
    days = measure_recurrences(activity)
    late = int((activity.first_day == activity.end_day - 1).sum())
    assert days.n_accounts == activity.n_accounts - late
    n_days = int(np.bitwise_count(activity.words).sum())
    assert len(days.time) == n_days - activity.n_accounts
    assert days.time.min() == 1
    found = mean_cumulative_function(days)
    assert found.n_at_risk[0] == days.n_accounts


def test_says_what_it_found_and_where_it_ends():
    found = mean_cumulative_function(
        Recurrences(account=[0], time=[3], owner=[0], start=[0], stop=[5], attributes=pd.DataFrame(index=[0]))
    )
    assert found.summary() == "1.00 events per account by 5 days [1.00, 1.00], n = 1"
    assert isinstance(found.at(6), Unavailable)
    assert str(found.at(6)) == "no account was observed beyond 5 days"
    early = found.at(1)
    assert isinstance(early, Estimate)
    assert early.estimate == 0
    assert found.to_frame().columns.tolist() == [
        "time", "n_at_risk", "n_event", "mean", "std_error", "conf_low", "conf_high",
    ]  # fmt: skip


def test_is_drawn_as_steps():
    found: MeanCumulativeFunction = mean_cumulative_function(make_recurrences([[(0, 5, [1, 2])], [(1, 6, [3])]]))
    ax = Figure().add_subplot()
    found.plot(ax)
    assert ax.lines[0].get_ydata()[-1] == found.mean[-1]
    assert len(ax.collections) == 1


def message(call: object) -> str:
    with pytest.raises((SpecError, EstimateError)) as caught:
        call()  # type: ignore[operator]
    return str(caught.value)


def test_says_what_cannot_be():
    accounts = pd.DataFrame({"account": ["a", "b"], "end": [9, 4]})

    def taken(time: float, account: str = "b", accounts: pd.DataFrame = accounts) -> Recurrences:
        return Recurrences.from_tables(pd.DataFrame({"account": [account], "time": [time]}), accounts)

    outside = "Recurrences.time: 1 events lie outside the observation of their account. Correct them, or the stretches."
    assert message(lambda: taken(5)) == outside
    assert message(lambda: taken(12)) == outside
    assert message(lambda: taken(0)) == outside
    assert message(lambda: taken(np.nan)) == "Recurrences.time: 1 are missing or endless. Give a tenure."
    assert message(lambda: taken(1, "c")) == (
        "events: 1 rows belong to no account of the table of accounts. Add these accounts, or leave out these events."
    )
    twice = pd.concat([accounts, accounts.head(1)])
    assert message(lambda: taken(1, "a", twice)) == "accounts: 1 accounts have two rows. Keep one."
    assert message(lambda: taken(1, "a", accounts.drop(columns="end"))) == ("accounts 'end': no such column. Add it.")
    frame = pd.DataFrame({"id": [1, 1], "start": [0, 2], "stop": [3, 9], "event": [1, 0], "age": ["x", "y"]})
    names = {"account": "id", "start": "start", "stop": "stop", "event": "event"}
    assert message(lambda: Recurrences.from_spans(frame, **names)) == (
        "Recurrences.start: 1 stretches begin before the account's last one has ended. Correct them."
    )
    assert message(lambda: Recurrences.from_spans(frame, **names, attributes=["age"])) == (
        "column 'age': differs within an account. Describe accounts by what stays."
    )
    backwards = frame.assign(stop=[0, 9])
    assert message(lambda: Recurrences.from_spans(backwards, **names)) == (
        "Recurrences.stop: 1 stretches end before they start. Correct them."
    )
    nobody = Recurrences(account=[], time=[], owner=[], start=[], stop=[], attributes=pd.DataFrame())
    assert message(lambda: mean_cumulative_function(nobody)) == (
        "mean_cumulative_function: there are no accounts to follow. Choose a larger group."
    )
