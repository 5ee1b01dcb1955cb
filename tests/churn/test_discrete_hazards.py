"""Discrete-time hazards: from tenures and from periods, against life tables and Cox models, and what has no answer."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from churn.regression.cox import Cox
from churn.regression.discrete import DiscreteHazard
from churn.regression.person_periods import PersonPeriods, count_periods
from churn.tenures.counts import count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.errors import EstimateError, SpecError


def make_tenures(n: int = 800, seed: int = 2) -> Tenures:
    rng = np.random.default_rng(seed)
    sex = rng.choice(["F", "M"], n)
    left, end = np.ceil(rng.exponential(6 - 2 * (sex == "M"))), rng.integers(2, 9, n)
    duration = np.minimum(left, end).astype(float)
    entry = np.where(rng.random(n) < 0.3, np.floor(rng.random(n) * duration), np.nan)
    return Tenures(duration=duration, event=left <= end, entry=entry, attributes=pd.DataFrame({"sex": sex}))


def person_periods(tenures: Tenures) -> pd.DataFrame:
    """One row per account and period, as it is written down."""
    rows = []
    for i, sex in enumerate(tenures.attributes["sex"]):
        entry = 0 if np.isnan(tenures.entry[i]) else int(tenures.entry[i])
        last = int(tenures.duration[i])
        rows += [(sex, k, 1, int(tenures.event[i] and k == last)) for k in range(entry + 1, last + 1)]
    return pd.DataFrame(rows, columns=["sex", "period", "n_at_risk", "n_event"])


def test_counts_by_period_are_those_of_rows_of_accounts_and_periods():
    tenures = make_tenures()
    expected = person_periods(tenures).groupby(["sex", "period"]).sum().reset_index()
    for source in (tenures, count_tenures(tenures, by=["sex"])):
        found = count_periods(source, by=["sex"]).to_frame().sort_values(["sex", "period"]).reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)


@pytest.mark.parametrize("link", ["cloglog", "logit"])
def test_fits_the_same_to_rows_and_to_counts(link: str):
    tenures = make_tenures()
    model = DiscreteHazard("~ sex", link=link)
    rows = model.fit(PersonPeriods.from_frame(person_periods(tenures)))
    cells = model.fit(count_tenures(tenures, by=["sex"]))
    np.testing.assert_allclose(cells.estimate, rows.estimate, rtol=1e-9)
    np.testing.assert_allclose(cells.covariance, rows.covariance, rtol=1e-9)
    assert cells.deviance == pytest.approx(rows.deviance, rel=1e-12)
    assert cells.null_deviance == pytest.approx(rows.null_deviance, rel=1e-12)


def test_without_covariates_hazards_are_those_of_the_life_table():
    tenures = make_tenures()
    periods = count_periods(tenures).to_frame()
    fitted = DiscreteHazard("~ 1", baseline="period").fit(tenures)
    found = fitted.predict(pd.DataFrame(index=[0]))
    np.testing.assert_allclose(found["hazard"], periods["n_event"] / periods["n_at_risk"], rtol=1e-10)
    np.testing.assert_allclose(found["survival"], np.cumprod(1 - periods["n_event"] / periods["n_at_risk"]), rtol=1e-10)


def test_cloglog_is_close_to_coxs_hazard_ratio_where_periods_are_short():
    rng = np.random.default_rng(6)
    group = rng.integers(0, 2, 4000)
    left = np.ceil(rng.exponential(60 * np.exp(-0.5 * group)))
    tenures = Tenures(duration=np.minimum(left, 30), event=left <= 30, attributes=pd.DataFrame({"group": group}))
    ours, cox = DiscreteHazard("~ group").fit(tenures), Cox("~ group").fit(tenures)
    assert ours.contrast({"group": 1}).estimate == pytest.approx(cox.estimate[0], abs=1e-3)


def test_time_may_follow_a_line_or_a_spline_or_the_formula():
    tenures = make_tenures()
    line, spline = (DiscreteHazard("~ sex", baseline=b).fit(tenures) for b in ("linear", "spline"))
    written = DiscreteHazard("~ period + sex", baseline="formula").fit(tenures)
    np.testing.assert_allclose(line.estimate, written.estimate, rtol=1e-10)
    free = DiscreteHazard("~ sex").fit(tenures)
    assert line.deviance >= spline.deviance >= free.deviance
    assert [fitted.summary().split(":")[0] for fitted in (line, spline, free)] == ["sex[T.M]"] * 3


def test_wide_periods_say_who_is_censored_inside():
    tenures = Tenures(duration=[10, 30, 35, 60], event=[1, 0, 0, 1])
    periods = count_periods(tenures, width=30)
    assert periods.to_frame().to_numpy().tolist() == [[1, 4, 1], [2, 2, 1]]
    assert [str(note) for note in periods.notes] == [
        "1 accounts are censored inside a period and count as at risk throughout it"
    ]


def test_an_account_that_leaves_at_once_leaves_in_the_first_period():
    assert count_periods(Tenures(duration=[0, 2], event=[1, 1])).to_frame().to_numpy().tolist() == [
        [1, 2, 1],
        [2, 1, 1],
    ]


def test_intervals_hold_their_estimates_and_ratios_are_drawn():
    fitted = DiscreteHazard("~ sex", link="logit").fit(make_tenures())
    found = fitted.predict(pd.DataFrame({"sex": ["F", "M"]}))
    assert ((found["hazard_low"] < found["hazard"]) & (found["hazard"] < found["hazard_high"])).all()
    assert ((found["conf_low"] < found["survival"]) & (found["survival"] < found["conf_high"])).all()
    assert "odds_ratio" in fitted.to_frame()
    _, ax = plt.subplots()
    assert len(fitted.plot(ax).lines[0].get_xdata()) == 1
    plt.close("all")


def test_names_the_period_in_which_nobody_leaves():
    tenures = Tenures(
        duration=[1, 1, 2, 3, 3, 3, 1, 3], event=[1, 0, 0, 1, 0, 1, 1, 0], attributes=pd.DataFrame({"x": [0, 1] * 4})
    )
    with pytest.raises(EstimateError, match=r"'factor\(period\)\[2\]' tells without error who leaves when"):
        DiscreteHazard("~ x").fit(tenures)


def test_says_what_is_wrong_with_the_counts():
    with pytest.raises(SpecError, match="PersonPeriods: more accounts leave than are at risk"):
        PersonPeriods.from_frame(pd.DataFrame({"period": [1], "n_at_risk": [2], "n_event": [3]}))
    with pytest.raises(SpecError, match=r"link 'probit': not known here\. Known: cloglog, logit"):
        DiscreteHazard("~ x", link="probit")
    with pytest.raises(EstimateError, match="DiscreteHazard: nobody leaves"):
        DiscreteHazard("~ 1", baseline="linear").fit(Tenures(duration=[1, 2], event=[0, 0]))
