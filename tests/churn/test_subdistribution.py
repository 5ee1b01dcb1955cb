"""Fine and Gray's model: Cox's where nobody leaves for another reason, from counts as from rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churn.regression import _fine_gray
from churn.regression.cox import Cox
from churn.regression.fine_gray import fine_gray
from churn.regression.risk_sets import RowSets
from churn.tenures.counts import count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.errors import EstimateError, SpecError


def make_tenures(n: int = 500, seed: int = 4) -> Tenures:
    rng = np.random.default_rng(seed)
    sex, age = rng.choice(["F", "M"], n), rng.integers(18, 22, n)
    left, banned = np.ceil(rng.exponential(10 - 4 * (sex == "M"))), np.ceil(rng.exponential(15, n))
    end = rng.integers(3, 20, n)
    duration = np.minimum(np.minimum(left, banned), end)
    cause = np.where(left == duration, 2, np.where(banned == duration, 1, 0))
    return Tenures(
        duration=duration,
        event=cause > 0,
        cause=cause,
        causes=("banned", "left"),
        attributes=pd.DataFrame({"sex": sex, "age": age}),
    )


def test_is_coxs_model_where_nobody_leaves_for_another_reason():
    tenures = make_tenures()
    kept = tenures.where(np.asarray(tenures.cause) != 1)
    ours, cox = fine_gray(kept, "~ sex + age", cause="left"), Cox("~ sex + age", ties="breslow").fit(kept)
    np.testing.assert_allclose(ours.estimate, cox.estimate, rtol=1e-11)
    assert ours.log_likelihood == pytest.approx(cox.log_likelihood, rel=1e-13)
    robust = Cox("~ sex + age", ties="breslow", std_errors="robust").fit(kept)
    np.testing.assert_allclose(ours.covariance, robust.covariance, rtol=1e-10)


def test_with_nobody_censored_those_gone_for_another_reason_stay_for_ever():
    tenures = make_tenures()
    kept = tenures.where(np.asarray(tenures.cause) != 0)
    left = np.asarray(kept.cause) == 2
    forever = Tenures(duration=np.where(left, kept.duration, 99), event=left, attributes=kept.attributes)
    ours, cox = fine_gray(kept, "~ sex", cause="left"), Cox("~ sex", ties="breslow").fit(forever)
    np.testing.assert_allclose(ours.estimate, cox.estimate, rtol=1e-11)


def test_counts_of_accounts_are_as_rows_of_them(monkeypatch):
    tenures = make_tenures()
    counts = count_tenures(tenures, by=["sex", "age"])
    cells = fine_gray(counts, "~ sex + age", cause="left")
    monkeypatch.setattr(_fine_gray, "risk_sets", lambda spells, slots, n: (s := RowSets(spells, slots), s.unit))
    rows = fine_gray(tenures, "~ sex + age", cause="left")
    np.testing.assert_allclose(cells.estimate, rows.estimate, rtol=1e-10)
    np.testing.assert_allclose(cells.covariance, rows.covariance, rtol=1e-9)
    assert (cells.n, cells.n_event, cells.n_other) == (rows.n, rows.n_event, rows.n_other)


def test_coxs_model_of_a_cause_censors_those_gone_for_another():
    tenures = make_tenures()
    left = np.asarray(tenures.cause) == 2
    censored = Tenures(duration=tenures.duration, event=left, attributes=tenures.attributes)
    assert Cox("~ sex", cause="left").fit(tenures).estimate == Cox("~ sex").fit(censored).estimate
    with pytest.raises(SpecError, match="cause 'lefft': no such cause"):
        Cox("~ sex", cause="lefft").fit(tenures)


def test_predicted_shares_rise_and_stay_below_one():
    fitted = fine_gray(make_tenures(), "~ sex", cause="left")
    found = fitted.predict(pd.DataFrame({"sex": ["F", "M"]}))
    women, men = (found.loc[found["profile"] == i, "incidence"].to_numpy() for i in (0, 1))
    assert (np.diff(women) > 0).all()
    assert (men > women).all()
    assert men[-1] < 1


def test_says_which_causes_there_are():
    with pytest.raises(SpecError, match=r"cause 'closed': no such cause\. Causes here: banned, left"):
        fine_gray(make_tenures(), "~ sex", cause="closed")
    with pytest.raises(SpecError, match="fine_gray: the tenures tell no causes apart"):
        fine_gray(Tenures(duration=[1, 2], event=[1, 0]), "~ sex", cause="left")


def test_names_the_covariate_that_does_not_vary():
    tenures = make_tenures()
    same = Tenures(
        duration=tenures.duration,
        event=tenures.event,
        cause=tenures.cause,
        causes=tenures.causes,
        attributes=tenures.attributes.assign(age=20),
    )
    with pytest.raises(EstimateError, match="'age' does not vary among those at risk"):
        fine_gray(same, "~ sex + age", cause="left")
