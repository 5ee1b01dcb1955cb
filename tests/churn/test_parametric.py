"""Accelerated-failure-time models, and smooth curves."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from lifelines import LogLogisticAFTFitter, LogNormalAFTFitter, SplineFitter, WeibullAFTFitter, WeibullFitter

from churn.parametric.aft import AcceleratedFailureTime
from churn.parametric.likelihood import Durations, scores
from churn.parametric.splines import smooth_survival
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.counts import TenureCounts, count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Unavailable

LAWS = ("weibull", "log-normal", "log-logistic", "exponential")


def accounts(rng: np.random.Generator, n: int, *, whole: bool = False, late: bool = False) -> Tenures:
    """Simulate durations with a covariate that stretches them, censoring and perhaps late entry."""
    age, invited = rng.integers(18, 60, n), rng.integers(0, 2, n)
    left = 25 * np.exp(0.02 * (age - 40) + 0.4 * invited) * rng.weibull(1.2, n)
    end = rng.uniform(10, 90, n)
    duration = np.minimum(left, end)
    duration = np.ceil(duration) if whole else duration
    entry = np.where(rng.random(n) < 0.4, np.floor(rng.uniform(0, 15, n)), 0.0) if late else np.zeros(n)
    seen = duration > entry
    columns = {
        "age": age,
        "invited": invited,
        "w": rng.uniform(0.5, 2, n).round(1),
        "holder": rng.integers(0, n // 5, n),
    }
    return Tenures(
        duration=duration[seen],
        event=(left <= end)[seen],
        entry=np.where(entry > 0, entry, np.nan)[seen],
        attributes=pd.DataFrame(columns)[seen].reset_index(drop=True),
    )


def frame_of(tenures: Tenures) -> pd.DataFrame:
    """Lay tenures out as lifelines takes them."""
    entry = np.nan_to_num(tenures.entry) if tenures.entry is not None else 0.0
    return tenures.attributes[["age", "invited"]].assign(T=tenures.duration, E=tenures.event, entry=entry)


@pytest.mark.parametrize(
    ("law", "fitter", "location", "shape"),
    [
        ("weibull", WeibullAFTFitter, "lambda_", "rho_"),
        ("log-logistic", LogLogisticAFTFitter, "alpha_", "beta_"),
        ("log-normal", LogNormalAFTFitter, "mu_", "sigma_"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_agrees_with_lifelines_with_late_entry(law: str, fitter: type, location: str, shape: str):
    tenures = accounts(np.random.default_rng(1), 1500, late=True)
    found = AcceleratedFailureTime(formula="~ age + invited", distribution=law).fit(tenures)  # type: ignore[arg-type]
    theirs = fitter().fit(frame_of(tenures), "T", "E", entry_col="entry")
    params, error = theirs.params_, np.sqrt(np.diag(theirs.variance_matrix_))
    order = [(location, "Intercept"), (location, "age"), (location, "invited")]
    assert found.estimate[:3] == pytest.approx(params[order].to_numpy(), rel=5e-3)
    spread = pd.Series(error, index=params.index)[order].to_numpy()
    assert found.std_error[:3] == pytest.approx(spread, rel=1e-2)
    log_shape = params[(shape, "Intercept")]
    assert found.estimate[-1] == pytest.approx(log_shape if law == "log-normal" else -log_shape, rel=1e-2)
    assert found.log_likelihood == pytest.approx(theirs.log_likelihood_, rel=1e-7)
    assert found.log_likelihood >= theirs.log_likelihood_ - 1e-6


@pytest.mark.parametrize("law", LAWS)
def test_scores_and_information_are_derivatives_of_the_likelihood(law: str):
    rng = np.random.default_rng(2)
    low = rng.uniform(1, 20, 40)
    high = np.where(rng.random(40) < 0.4, low, low + rng.uniform(1, 9, 40))
    high[rng.random(40) < 0.3] = np.inf
    low[0], high[0] = 0.0, 4.0
    entry = np.where(rng.random(40) < 0.5, low / 2, 0.0)
    durations = Durations(low, high, entry, np.full(40, 3.0), rng.uniform(0.5, 2, 40))
    x = np.column_stack([np.ones(40), rng.normal(size=40)])
    theta = np.array([2.3, 0.2] + ([] if law == "exponential" else [-0.3]))
    found, w, step = scores(law, theta, durations, x), durations.total, 1e-5  # type: ignore[arg-type]
    for j, unit in enumerate(np.eye(len(theta)) * step):
        up, down = (scores(law, theta + sign * unit, durations, x) for sign in (1, -1))  # type: ignore[arg-type]
        slope = w @ (up.log_likelihood - down.log_likelihood) / (2 * step)
        assert w @ found.slopes[:, j] == pytest.approx(slope, rel=1e-6, abs=1e-6)
        assert -found.information[j] == pytest.approx(w @ (up.slopes - down.slopes) / (2 * step), rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("law", LAWS)
def test_counts_give_what_accounts_give(law: str):
    tenures = accounts(np.random.default_rng(3), 3000, whole=True, late=True)
    model = AcceleratedFailureTime(formula="~ invited", distribution=law, std_errors="robust")  # type: ignore[arg-type]
    cells = count_tenures(tenures, by=["invited"])
    assert len(cells.n) < tenures.n_accounts / 2
    expanded = cells.to_frame().loc[np.repeat(np.arange(len(cells.n)), cells.n)].assign(n=1)
    rows, counts = model.fit(TenureCounts.from_frame(expanded)), model.fit(cells)
    assert counts.estimate == pytest.approx(rows.estimate, abs=1e-11)
    assert counts.covariance == pytest.approx(rows.covariance, rel=1e-9)
    assert (counts.n, counts.n_event) == (rows.n, rows.n_event)


def test_clusters_add_their_influences_first():
    tenures = accounts(np.random.default_rng(4), 600)
    found = AcceleratedFailureTime(formula="~ age", weights="w", clusters="holder").fit(tenures)
    alone = AcceleratedFailureTime(formula="~ age", weights="w").fit(tenures)
    assert found.estimate == pytest.approx(alone.estimate, abs=1e-12)
    columns = tenures.attributes
    x = np.column_stack([np.ones(600), columns["age"]])
    high = np.where(tenures.event, tenures.duration, np.inf)
    durations = Durations(tenures.duration, high, np.zeros(600), np.ones(600), columns["w"].to_numpy(float))
    at = scores("weibull", found.estimate, durations, x)
    influence = pd.DataFrame(at.slopes * columns["w"].to_numpy()[:, None] @ np.linalg.inv(at.information))
    for result, groups in ((found, columns["holder"]), (alone, pd.Series(range(600)))):
        totals = influence.groupby(groups.to_numpy()).sum().to_numpy()
        assert result.covariance == pytest.approx(totals.T @ totals, rel=1e-9)


def test_robust_intervals_under_weights_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(5)
    held = {"model": 0, "robust": 0}
    for _ in range(100):
        tenures = accounts(rng, 300)
        heavy = rng.choice([0.2, 3.0], tenures.n_accounts, p=[0.8, 0.2])
        tenures = Tenures(duration=tenures.duration, event=tenures.event, attributes=tenures.attributes.assign(w=heavy))
        for errors in held:
            model = AcceleratedFailureTime(formula="~ age + invited", weights="w", std_errors=errors)  # type: ignore[arg-type]
            row = model.fit(tenures).to_frame().set_index("term").loc["invited"]
            held[errors] += row["conf_low"] <= 0.4 <= row["conf_high"]
    assert held["robust"] / 100 > 0.89
    assert held["model"] / 100 < 0.85


def test_units_begun_are_bounds():
    exact = accounts(np.random.default_rng(6), 6000)
    begun = Tenures(duration=np.ceil(exact.duration), event=exact.event, attributes=exact.attributes)
    found = AcceleratedFailureTime(formula="~ invited", times="begun").fit(begun)
    truth = AcceleratedFailureTime(formula="~ invited").fit(exact)
    assert found.estimate == pytest.approx(truth.estimate, abs=0.01)


def test_an_account_that_left_at_once_counts_where_units_are_begun():
    tenures = Tenures(duration=[0, 3, 7, 9, 12, 12], event=[True, True, True, True, True, False])
    with pytest.raises(SpecError) as caught:
        AcceleratedFailureTime().fit(tenures)
    assert str(caught.value) == (
        "AcceleratedFailureTime: 1 accounts left at 0, which has no logarithm. Use times='begun' if durations count "
        "units begun, or give their bounds."
    )
    assert AcceleratedFailureTime(times="begun").fit(tenures).n_event == 5


def test_bounds_that_are_equal_are_exact():
    tenures = accounts(np.random.default_rng(7), 800)
    frame = tenures.attributes.assign(low=tenures.duration, high=np.where(tenures.event, tenures.duration, np.nan))
    model = AcceleratedFailureTime(formula="~ age", distribution="log-logistic")
    exact = model.fit(tenures)
    assert model.fit_bounds(frame, low="low", high="high").estimate == pytest.approx(exact.estimate, abs=1e-10)


@pytest.mark.parametrize("law", LAWS)
def test_quantiles_are_where_the_curve_is(law: str):
    found = AcceleratedFailureTime(formula="~ invited", distribution=law).fit(  # type: ignore[arg-type]
        accounts(np.random.default_rng(8), 500)
    )
    profiles = pd.DataFrame({"invited": [0, 1]})
    for row in found.quantiles([0.1, 0.5, 0.9], profiles).itertuples():
        share = found.at(row.time, invited=row.profile)
        assert share.estimate == pytest.approx(1 - row.share_gone, abs=1e-12)
        assert share.conf_low < share.estimate < share.conf_high
    assert found.at(0.0, invited=1).estimate == 1.0
    gone = found.dropout(at=20, invited=1)
    assert gone.estimate == pytest.approx(1 - found.at(20, invited=1).estimate)
    assert gone.conf_low < gone.estimate < gone.conf_high


def test_tells_an_extrapolation_from_what_was_seen():
    found = AcceleratedFailureTime().fit(accounts(np.random.default_rng(9), 400))
    assert found.at(50.0).notes == ()
    last = f"{found.observed_until:g}"
    assert str(found.at(200.0).notes[0]) == (
        f"nobody was observed beyond {last} days; what is said of later is an extrapolation of the model"
    )
    assert found.survival([50, 200])["extrapolated"].tolist() == [False, True]


def test_an_exponential_law_is_events_per_time():
    tenures = accounts(np.random.default_rng(10), 700, late=True)
    found = AcceleratedFailureTime(distribution="exponential").fit(tenures)
    assert tenures.entry is not None
    followed = tenures.duration.sum() - np.nansum(tenures.entry)
    assert np.exp(-found.estimate[0]) == pytest.approx(tenures.event.sum() / followed, rel=1e-10)
    assert found.std_error[0] == pytest.approx(1 / np.sqrt(tenures.event.sum()), rel=1e-8)
    assert (found.scale, len(found.index)) == (1.0, 1)


def test_says_how_many_accounts_lack_a_covariate():
    tenures = accounts(np.random.default_rng(11), 200)
    holes = tenures.attributes.assign(age=tenures.attributes["age"].where(np.arange(200) >= 7))
    found = AcceleratedFailureTime(formula="~ age").fit(
        Tenures(duration=tenures.duration, event=tenures.event, attributes=holes)
    )
    assert found.n == 193
    assert str(found.notes[-1]) == "7 accounts without a value of age are left out"


def test_says_what_is_wrong_in_one_line():
    tenures = accounts(np.random.default_rng(12), 200)
    with pytest.raises(SpecError, match=r"distribution: got 'weibul', expected one of .* Did you mean 'weibull'"):
        AcceleratedFailureTime(distribution="weibul")  # type: ignore[arg-type]
    with pytest.raises(SpecError, match=r"std_errors 'model': does not go with clusters. Leave one of them out"):
        AcceleratedFailureTime(clusters="holder", std_errors="model")
    with pytest.raises(SpecError, match="Did you mean 'invited'"):
        AcceleratedFailureTime(formula="~ invitd").fit(tenures)
    twice = tenures.attributes.assign(same=tenures.attributes["age"] * 2)
    with pytest.raises(EstimateError, match=r"other covariates determine 'same'. Leave it out"):
        AcceleratedFailureTime(formula="~ age + same").fit(
            Tenures(duration=tenures.duration, event=tenures.event, attributes=twice)
        )
    with pytest.raises(EstimateError, match=r"AcceleratedFailureTime: nobody leaves. Follow accounts for longer"):
        AcceleratedFailureTime().fit(Tenures(duration=[3, 5], event=[False, False]))
    with pytest.raises(EstimateError, match="the likelihood of the weibull distribution has no maximum"):
        AcceleratedFailureTime().fit(Tenures(duration=[7, 7, 7], event=[True, True, True]))
    found = AcceleratedFailureTime(formula="~ age").fit(tenures)
    with pytest.raises(SpecError, match=r"covariates: the model depends on 'age'. Give its value"):
        found.at(3)
    crossed = pd.DataFrame({"low": [5.0, 2.0], "high": [3.0, 4.0]})
    with pytest.raises(SpecError, match="1 lower bounds lie above the upper ones"):
        AcceleratedFailureTime().fit_bounds(crossed, low="low", high="high")


def test_a_covariate_that_tells_who_stays_has_no_finite_coefficient():
    stays = np.repeat([0, 1], 50)
    tenures = Tenures(
        duration=np.tile(np.arange(1.0, 51), 2), event=stays == 0, attributes=pd.DataFrame({"stays": stays})
    )
    with pytest.raises(
        EstimateError, match="formula '~ stays': the likelihood of the weibull distribution has no maximum"
    ):
        AcceleratedFailureTime(formula="~ stays").fit(tenures)


class TestSmoothSurvival:
    def test_two_knots_are_a_weibull_law(self):
        tenures = accounts(np.random.default_rng(13), 2000, late=True)
        smooth, law = smooth_survival(tenures, n_knots=2), AcceleratedFailureTime().fit(tenures)
        assert smooth.log_likelihood == pytest.approx(law.log_likelihood, abs=1e-8)
        for time in (5, 30, 150):
            ours, theirs = smooth.at(time), law.at(time)
            assert (ours.estimate, ours.std_error) == pytest.approx((theirs.estimate, theirs.std_error), rel=1e-7)

    @pytest.mark.filterwarnings("ignore")
    def test_agrees_with_lifelines_from_a_good_start(self):
        tenures = accounts(np.random.default_rng(14), 1500)
        found = smooth_survival(tenures, n_knots=4)
        start = found.theta + np.array([0.1, 0.05, 0.0, 0.0])
        theirs = SplineFitter(found.knots).fit(tenures.duration, tenures.event, initial_point=start)
        assert found.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=1e-4)
        assert found.theta == pytest.approx(theirs.params_.to_numpy(), rel=2e-2, abs=1e-3)
        assert np.sqrt(np.diag(found.covariance)) == pytest.approx(np.sqrt(np.diag(theirs.variance_matrix_)), rel=1e-2)

    def test_follows_a_curve_that_no_simple_law_follows(self):
        rng = np.random.default_rng(15)
        left = np.where(rng.random(6000) < 0.5, 3 * rng.weibull(1.5, 6000), 60 * rng.weibull(3.0, 6000))
        tenures = Tenures(duration=np.minimum(left, 80), event=left <= 80)
        curve = kaplan_meier(tenures)
        smooth, law = smooth_survival(tenures, n_knots=6), AcceleratedFailureTime().fit(tenures)
        off = {"smooth": [], "law": []}
        for time in (2.0, 5.0, 20.0, 45.0, 70.0):
            seen = curve.at(time)
            assert not isinstance(seen, Unavailable)
            off["smooth"].append(abs(smooth.at(time).estimate - seen.estimate))
            off["law"].append(abs(law.at(time).estimate - seen.estimate))
        assert max(off["smooth"]) < 0.02 < max(off["law"])
        assert smooth.aic < law.aic

    def test_counts_give_what_accounts_give_in_units_begun(self):
        tenures = accounts(np.random.default_rng(16), 2000, whole=True, late=True)
        rows = smooth_survival(tenures, times="begun")
        cells = smooth_survival(count_tenures(tenures), times="begun")
        assert cells.theta == pytest.approx(rows.theta, abs=1e-10)

    def test_marks_what_is_extrapolated(self):
        smooth = smooth_survival(accounts(np.random.default_rng(17), 500))
        assert smooth.survival([0, 20, 400])["extrapolated"].tolist() == [False, False, True]
        assert len(smooth.at(400).notes) == 1
        assert smooth.at(0).estimate == 1.0

    def test_says_so_when_there_are_too_few_dropouts(self):
        with pytest.raises(EstimateError) as caught:
            smooth_survival(Tenures(duration=[3, 5, 5, 9], event=[True, True, True, False]))
        assert str(caught.value) == (
            "smooth_survival: dropouts lie at 2 tenures, 4 knots need as many. Follow accounts for longer, or use "
            "fewer knots."
        )


@pytest.mark.filterwarnings("ignore")
def test_goes_beyond_the_precision_of_lifelines():
    tenures = accounts(np.random.default_rng(18), 3000)
    found = AcceleratedFailureTime().fit(tenures)
    theirs = WeibullFitter().fit(tenures.duration, tenures.event)
    assert np.exp(found.estimate[0]) == pytest.approx(theirs.lambda_, rel=1e-4)
    high = np.where(tenures.event, tenures.duration, np.inf)
    size = tenures.n_accounts
    durations = Durations(tenures.duration, high, np.zeros(size), np.ones(size), np.ones(size))
    slopes = [
        np.abs(scores("weibull", np.array(theta), durations, np.ones((size, 1))).slopes.sum(axis=0)).max()
        for theta in (found.estimate, [np.log(theirs.lambda_), -np.log(theirs.rho_)])
    ]
    assert slopes[0] < 1e-8 < slopes[1]


def test_draws_marks_only():
    tenures = accounts(np.random.default_rng(19), 300)
    figure, ax = plt.subplots()
    AcceleratedFailureTime().fit(tenures).plot(ax)
    smooth_survival(tenures).plot(ax)
    assert len(ax.lines) == 2
    AcceleratedFailureTime(formula="~ age + invited").fit(tenures).plot(ax)
    assert ax.get_title() == ""
    plt.close(figure)
