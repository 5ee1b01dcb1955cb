"""Mixture cure."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from lifelines import MixtureCureFitter, WeibullFitter

from churn.parametric.cure import mixture_cure
from churn.tenures.counts import count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.errors import EstimateError, SpecError


def accounts(
    rng: np.random.Generator, n: int, *, never: float = 0.3, until: float = 90.0, late: bool = False
) -> Tenures:
    left = np.where(rng.random(n) < never, np.inf, 20 * rng.weibull(1.3, n))
    end = rng.uniform(until / 2, until, n)
    entry = np.where(rng.random(n) < 0.5, rng.uniform(0, 15, n), np.nan) if late else np.full(n, np.nan)
    seen = ~(np.minimum(left, end) <= entry)
    return Tenures(duration=np.minimum(left, end)[seen], event=(left <= end)[seen], entry=entry[seen])


@pytest.mark.filterwarnings("ignore")
def test_agrees_with_lifelines():
    tenures = accounts(np.random.default_rng(1), 3000)
    found = mixture_cure(tenures)
    theirs = MixtureCureFitter(base_fitter=WeibullFitter()).fit(tenures.duration, tenures.event)
    assert found.never_leaving.estimate == pytest.approx(theirs.cured_fraction_, rel=1e-3)
    assert found.scale.estimate == pytest.approx(theirs.lambda_, rel=1e-3)
    assert found.shape.estimate == pytest.approx(theirs.rho_, rel=1e-3)
    assert found.log_likelihood >= theirs.log_likelihood_ - 1e-6


def test_counts_give_what_accounts_give():
    rounded = accounts(np.random.default_rng(2), 2000)
    tenures = Tenures(duration=np.ceil(rounded.duration), event=rounded.event)
    rows, cells = mixture_cure(tenures), mixture_cure(count_tenures(tenures))
    assert cells.theta == pytest.approx(rows.theta, abs=1e-10)
    assert cells.std_error == pytest.approx(rows.std_error, rel=1e-9)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(100):
        share = mixture_cure(accounts(rng, 500, late=True)).never_leaving
        held += share.conf_low <= 0.3 <= share.conf_high
    assert 0.90 <= held / 100 <= 0.99


def test_units_begun_are_bounds():
    exact = accounts(np.random.default_rng(4), 4000)
    begun = Tenures(duration=np.ceil(exact.duration), event=exact.event)
    found, truth = mixture_cure(begun, times="begun"), mixture_cure(exact)
    assert found.scale.estimate == pytest.approx(truth.scale.estimate, rel=0.01)
    assert found.never_leaving.estimate == pytest.approx(truth.never_leaving.estimate, rel=0.02)


def test_the_curve_falls_to_the_share_that_never_leaves():
    found = mixture_cure(accounts(np.random.default_rng(5), 2000))
    rows = found.survival([0, 30, 1000])
    assert rows["survival"].iloc[0] == 1.0
    assert rows["survival"].iloc[-1] == pytest.approx(found.never_leaving.estimate, abs=1e-9)
    assert rows["std_error"].iloc[-1] == pytest.approx(found.never_leaving.std_error, rel=1e-6)
    assert rows["extrapolated"].tolist() == [False, False, True]


def test_warns_where_dropouts_go_on_to_the_end():
    found = mixture_cure(accounts(np.random.default_rng(6), 5000, until=25))
    assert any("rests on the distribution" in str(note) for note in found.notes)


def test_says_in_one_line_why_there_is_no_answer():
    with pytest.raises(EstimateError) as caught:
        mixture_cure(Tenures(duration=[3, 5, 9], event=[True, True, True]))
    assert str(caught.value) == (
        "mixture_cure: everybody has left, so that nobody can be said never to leave. Follow accounts for longer, "
        "or include those still there."
    )
    with pytest.raises(EstimateError, match="nobody has left"):
        mixture_cure(Tenures(duration=[3, 5], event=[False, False]))
    left = 30 * (np.arange(1000) + 0.5) / 1000
    with pytest.raises(EstimateError, match="no share that never leaves makes the tenures more likely"):
        mixture_cure(Tenures(duration=np.minimum(left, 28), event=left <= 28))
    with pytest.raises(SpecError, match=r"1 accounts left at 0, which has no logarithm. Use times='begun'"):
        mixture_cure(Tenures(duration=[0, 5, 9], event=[True, True, False]))


def test_draws_marks_only():
    figure, ax = plt.subplots()
    mixture_cure(accounts(np.random.default_rng(5), 500)).plot(ax)
    assert len(ax.lines) == 2
    assert ax.get_title() == ""
    plt.close(figure)
