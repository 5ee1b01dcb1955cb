"""Retention projected beyond what was seen."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import special

from churn.projection._likelihood import log_likelihood
from churn.projection.models import fit_retention
from churn.projection.period_counts import PeriodCounts
from churn.projection.projection import project_retention, project_tenures
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Estimate, Unavailable

HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]
COHORTS = [
    [10_000, 8_000, 6_480, 5_307, 4_391],
    [10_000, 8_000, 6_480, 5_307, np.nan],
    [10_000, 8_000, 6_480, np.nan, np.nan],
    [10_000, 8_000, np.nan, np.nan, np.nan],
    [10_000, np.nan, np.nan, np.nan, np.nan],
]


def leavers(rng: np.random.Generator, n: int, alpha: float, beta: float, c: float, periods: int) -> PeriodCounts:
    """Simulate accounts whose retention after t periods is (1 - theta)^(t^c), theta from a beta distribution."""
    own = rng.beta(alpha, beta, n)
    left = np.ceil((np.log(rng.random(n)) / np.log1p(-own)) ** (1 / c))
    survivors = [int((left > t).sum()) for t in range(periods + 1)]
    return PeriodCounts.from_survivors(survivors)


def value(estimate: Estimate | Unavailable) -> float:
    assert isinstance(estimate, Estimate)
    return estimate.estimate


@pytest.mark.parametrize(
    ("survivors", "alpha", "beta", "error"), [(HIGH_END, 0.668, 3.806, -0.041), (REGULAR, 0.704, 1.182, -0.017)]
)
def test_gives_the_published_parameters_and_errors_of_fader_and_hardie(
    survivors: list[int], alpha: float, beta: float, error: float
):
    counts = PeriodCounts.from_survivors(survivors, time_unit="years")
    projection = project_retention(counts, horizon=12, hold_out=5)
    assert not isinstance(projection.hold_out, Unavailable)
    model = projection.hold_out.model
    assert value(model.parameter("alpha")) == pytest.approx(alpha, abs=5e-4)
    assert value(model.parameter("beta")) == pytest.approx(beta, abs=5e-4)
    assert projection.hold_out.error[-1] == pytest.approx(error, abs=5e-4)
    assert projection.hold_out.period.tolist() == [8, 9, 10, 11, 12]


def test_gives_the_published_log_likelihood_per_customer():
    counts = PeriodCounts.from_survivors(HIGH_END[:8])
    assert fit_retention(counts).log_likelihood / 1000 == pytest.approx(-1.611, abs=5e-4)


def test_gives_the_published_parameters_of_several_cohorts():
    model = fit_retention(PeriodCounts.from_survivors(COHORTS, time_unit="years"))
    assert value(model.parameter("alpha")) == pytest.approx(3.80, abs=5e-3)
    assert value(model.parameter("beta")) == pytest.approx(15.19, abs=5e-3)


def test_cohorts_add_up_by_age():
    together = PeriodCounts.from_survivors(COHORTS)
    alone = [PeriodCounts.from_survivors(row) for row in COHORTS[:-1]]
    for name in ("n_at_risk", "n_event"):
        padded = [np.pad(getattr(one, name), (0, 4 - one.n_periods)) for one in alone]
        assert getattr(together, name).tolist() == np.sum(padded, axis=0).tolist()
    assert together.n == 50_000


def test_the_likelihood_is_that_of_the_beta_functions():
    alpha, beta, c, t = 0.8, 2.5, 1.3, np.arange(13.0)
    survivors = np.array(HIGH_END, float)
    lost, stayed = -np.diff(survivors), survivors[-1]
    counts = PeriodCounts.from_survivors(survivors)
    for family, theta, power in (
        ("shifted-beta-geometric", np.log([alpha, beta]), 1.0),
        ("beta-discrete-Weibull", np.log([alpha, beta, c]), c),
    ):
        share = np.exp(special.betaln(alpha, beta + t**power) - special.betaln(alpha, beta))
        expected = lost @ np.log(-np.diff(share)) + stayed * np.log(share[-1])
        found = log_likelihood(family, theta, counts.n_at_risk, counts.n_event)  # type: ignore[arg-type]
        assert found == pytest.approx(expected, rel=1e-12)


def test_cells_give_what_accounts_give():
    rng = np.random.default_rng(3)
    duration, event = rng.integers(0, 200, 500).astype(float), rng.random(500) < 0.6
    entry = np.where(rng.random(500) < 0.3, np.floor(duration / 3), np.nan)
    entry[entry >= duration] = np.nan
    rows = PeriodCounts.from_tenures(Tenures(duration=duration, event=event, entry=entry), period=30)
    frame = pd.DataFrame({"duration": duration, "event": event, "entry": entry, "n": 1})
    cells = PeriodCounts.from_tenures(TenureCounts.from_frame(frame), period=30)
    assert rows.n_at_risk.tolist() == cells.n_at_risk.tolist()
    assert rows.n_event.tolist() == cells.n_event.tolist()


def test_an_account_counts_in_the_periods_through_which_it_was_observed():
    tenures = Tenures(
        duration=[95, 95, 60, 61, 0, 90], event=[False, True, True, False, True, True], entry=[np.nan] * 5 + [31]
    )
    found = PeriodCounts.from_tenures(tenures, period=30)
    assert found.n_at_risk.tolist() == [5, 4, 3, 1]
    assert found.n_event.tolist() == [1, 1, 1, 1]


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(11)
    truth = np.exp(special.betaln(0.9, 2.5 + 24) - special.betaln(0.9, 2.5))
    held = 0
    for _ in range(300):
        row = fit_retention(leavers(rng, 2000, 0.9, 2.5, 1.0, 8)).survival(24).iloc[-1]
        held += row["conf_low"] <= truth <= row["conf_high"]
    assert 0.92 <= held / 300 <= 0.98


FITTING, LACKING = "a mixture of accounts whose dropout rates differ by a beta", "does not fit how retention changes"


@pytest.mark.parametrize(("c", "fits"), [(1.0, True), (0.55, False), (1.8, False)])
def test_says_whether_the_mixture_fits_and_names_no_cause(c: float, fits: bool):
    counts = leavers(np.random.default_rng(6), 100_000, 1.2, 3.0, c, 14)
    told = str(project_retention(counts, horizon=20).verdict)
    assert told.startswith(FITTING)
    assert (LACKING in told) is not fits


@pytest.mark.parametrize("rates", [(0.9, 0.05), (0.3, 0.1), (0.6, 0.02)])
def test_two_kinds_of_accounts_are_never_called_loyal(rates: tuple[float, float]):
    """No account changes its rate: whatever the test says, nothing is said of what accounts become."""
    rng = np.random.default_rng(13)
    for _ in range(20):
        life = rng.geometric(rng.choice(rates, 4000))
        survivors = [4000, *((life > t).sum() for t in range(1, 17))]
        told = str(project_retention(PeriodCounts.from_survivors(survivors), horizon=24).verdict)
        assert not re.search("loyal|grow|sorting", told)


def test_every_period_observed_is_fitted_and_none_of_them_is_projected():
    rng = np.random.default_rng(5)
    observed = rng.integers(1, 40 * 30, 20_000)
    tenure = np.ceil(rng.exponential(300, 20_000))
    frame = pd.DataFrame({"duration": np.minimum(tenure, observed), "event": tenure <= observed, "n": 1})
    found = project_tenures(TenureCounts.from_frame(frame))
    assert not isinstance(found, Unavailable)
    assert found.counts.n_periods > 36
    rows = found.to_frame()
    assert (rows["projected"] == rows["observed"].isna()).all()
    assert found.horizon == 2 * found.counts.n_periods


def test_too_few_periods_are_not_projected():
    frame = pd.DataFrame({"duration": [30, 100, 150], "event": [1, 0, 0], "n": [10, 50, 40]})
    assert str(project_tenures(TenureCounts.from_frame(frame))) == "5 whole periods were observed, too few to project"


def test_the_test_of_the_mixture_errs_about_as_often_as_it_says():
    rng = np.random.default_rng(8)
    p_values = [project_retention(leavers(rng, 3000, 0.9, 2.5, 1.0, 10), horizon=10).p_value for _ in range(100)]
    assert 0.01 <= np.mean(np.array(p_values) < 0.05) <= 0.10


def test_says_so_when_all_accounts_have_the_same_rate():
    survivors = 100_000 * 0.8 ** np.arange(9.0)
    survivors[1:] -= 40 * np.arange(1, 9)
    projection = project_retention(PeriodCounts.from_survivors(survivors), horizon=12)
    assert projection.model.family == "geometric"
    assert str(projection.model.notes[-1]) == (
        "no mixture of dropout rates is more likely than one rate for all accounts; that one is used"
    )
    assert str(projection.verdict).startswith("one constant dropout rate for all accounts fits")
    assert str(projection.model.parameter("alpha")) == "geometric has no alpha"


def test_the_mean_tenure_is_infinite_where_too_many_hardly_ever_leave():
    model = fit_retention(PeriodCounts.from_survivors(HIGH_END))
    told = model.expected_tenure()
    assert isinstance(told, Unavailable)
    assert str(told).startswith("the expected tenure has no end where alpha is 1 or less, and it is 0.")
    assert value(model.expected_tenure(horizon=3)) == pytest.approx(1 + model.survival(2)["survival"].sum())


def test_the_mean_tenure_is_the_sum_of_all_shares():
    model = fit_retention(PeriodCounts.from_survivors(COHORTS))
    assert value(model.expected_tenure()) == pytest.approx(1 + model.survival(400_000)["survival"].sum(), rel=1e-4)


def test_the_discounted_lifetime_is_gausss_function():
    model = fit_retention(PeriodCounts.from_survivors(REGULAR))
    alpha, beta = value(model.parameter("alpha")), value(model.parameter("beta"))
    for n in (1, 4):
        first = (beta + n - 1) / (alpha + beta + n - 1)
        expected = first * special.hyp2f1(1, beta + n, alpha + beta + n, 1 / 1.1)
        assert value(model.discounted_residual_lifetime(renewals=n, discount=0.1)) == pytest.approx(expected, rel=1e-10)


def test_a_first_hold_out_is_a_third_of_the_periods():
    hold_out = project_retention(PeriodCounts.from_survivors(REGULAR), horizon=12).hold_out
    assert not isinstance(hold_out, Unavailable)
    assert hold_out.model.n_periods == 8
    assert hold_out.to_frame().columns.tolist() == [
        "period", "observed", "projected", "conf_low", "conf_high", "error",
    ]  # fmt: skip


def test_says_what_is_missing_with_few_periods():
    projection = project_retention(PeriodCounts.from_survivors([100, 80, 70, 65]), horizon=5)
    assert str(projection.hold_out) == "3 periods were seen; 4 are needed to hold some out and fit the rest"
    told = "3 periods were seen; with fewer than 4 the fit of a mixture cannot be tested"
    assert str(projection.verdict) == told


@pytest.mark.parametrize(
    ("survivors", "line"),
    [
        (
            [100, 80],
            "fit_retention: got 1 periods, the shifted-beta-geometric model needs at least 2. Follow accounts for "
            "longer, or count shorter periods.",
        ),
        ([100, 100, 100], "fit_retention: nobody has left. Follow accounts for longer."),
        (
            [100, 80, 80, 80],
            "fit_retention: nobody leaves after the first period, so that later rates cannot be known. Follow "
            "accounts for longer, or count shorter periods.",
        ),
    ],
)
def test_says_in_one_line_why_there_is_no_answer(survivors: list[int], line: str):
    with pytest.raises(EstimateError) as caught:
        fit_retention(PeriodCounts.from_survivors(survivors))
    assert str(caught.value) == line


def test_refuses_survivors_that_rise():
    with pytest.raises(SpecError) as caught:
        PeriodCounts.from_survivors([[100, 80, 70], [100, 80, 90]])
    assert str(caught.value) == (
        "survivors, row 2: 90 after 2 periods are more than 80 before. Give accounts that have not left, rather "
        "than active ones: PeriodCounts.from_tenures counts them."
    )


def test_refuses_a_gap_in_a_cohort():
    with pytest.raises(SpecError, match="row 1: a count is missing before the last one"):
        PeriodCounts.from_survivors([100, np.nan, 70])


def test_refuses_a_horizon_before_the_last_period_and_an_unknown_model():
    counts = PeriodCounts.from_survivors(REGULAR)
    with pytest.raises(SpecError, match="horizon: got 5, expected at least 12"):
        project_retention(counts, horizon=5)
    with pytest.raises(SpecError, match="hold_out: got 12, expected 1 to 11"):
        project_retention(counts, horizon=12, hold_out=12)
    with pytest.raises(SpecError, match="Did you mean 'beta-discrete-Weibull'"):
        fit_retention(counts, model="beta-discrete-weibull")  # type: ignore[arg-type]


def test_draws_marks_only():
    figure, ax = plt.subplots()
    project_retention(PeriodCounts.from_survivors(REGULAR), horizon=15).plot(ax)
    fit_retention(PeriodCounts.from_survivors(REGULAR)).plot(ax)
    assert (ax.get_title(), ax.get_xlabel()) == ("", "")
    plt.close(figure)


def test_the_frame_tells_what_was_seen_from_what_is_projected():
    rows = project_retention(PeriodCounts.from_survivors(REGULAR), horizon=14).to_frame()
    assert rows["observed"].round(3).tolist()[:2] == [0.631, 0.468]
    assert rows["observed"].isna().tolist() == [False] * 12 + [True] * 2
    assert rows["projected"].tolist() == [False] * 12 + [True] * 2
    assert (rows["conf_low"] < rows["survival"]).all()
    assert (rows["survival"] < rows["conf_high"]).all()
