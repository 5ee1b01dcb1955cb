"""Curves of diffusion: agreement with other software, recovery of what was planted, honest warnings."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, special, stats

from churn.adoption.diffusion import (
    FALLEN,
    FEW_POINTS,
    GIVEN_CEILING,
    LEFT_OUT,
    OPEN_CEILING,
    OUTSIDE,
    WITHOUT_SIZE,
    NotRisingError,
    compare_diffusion,
    fit_diffusion,
)
from churn.adoption.diffusion_curves import curve
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Estimate, Unavailable

# Twitter in France, Ifop, waves 1 to 8: middle of the fieldwork, share aware, respondents.
YEARS = np.array([2007.85, 2008.75, 2009.42, 2009.87, 2010.71, 2011.81, 2012.79, 2013.85])
AWARE = np.array([0.02, 0.04, 0.28, 0.63, 0.80, 0.85, 0.89, 0.94])
MEMBERS = np.array([0.02, 0.05, 0.07, 0.08, 0.12, 0.17])
N = np.array([np.nan, 3046, 1015, 1002, 2015, 2080, 2005, np.nan])


def logistic(t: np.ndarray, rate: float, middle: float, top: float) -> np.ndarray:
    return np.asarray(top * special.expit(rate * (t - middle)))


def bass(t: np.ndarray, p: float, q: float, top: float, start: float) -> np.ndarray:
    decay = np.exp(-(p + q) * (t - start))
    return np.asarray(top * (1 - decay) / (1 + q / p * decay))


def notes(found: object) -> set[str]:
    return {note.message for note in found.notes}  # type: ignore[attr-defined]


def test_up_to_everybody_it_is_the_binomial_regression_of_statsmodels():
    n = np.full(6, 1500.0)
    count = np.round(n * AWARE[2:])
    found = fit_diffusion(YEARS[2:], count / n, n=n, ceiling=1.0)
    design = sm.add_constant(YEARS[2:] - 2010)
    reference = sm.GLM(np.column_stack([count, n - count]), design, family=sm.families.Binomial()).fit()
    level, slope = reference.params
    assert found.parameter("growth").estimate == pytest.approx(slope, rel=1e-6)
    assert found.parameter("midpoint").estimate == pytest.approx(2010 - level / slope, abs=1e-6)
    assert found.deviance == pytest.approx(reference.deviance, rel=1e-8)
    assert found.dispersion == pytest.approx(reference.pearson_chi2 / 4, rel=1e-6)


def test_its_band_is_the_confidence_interval_of_the_linear_predictor_in_statsmodels():
    rng, n = np.random.default_rng(3), np.full(12, 400)
    years = np.linspace(2008, 2014, 12)
    count = rng.binomial(n, logistic(years, 1.1, 2011, 1.0))
    found = fit_diffusion(years, count / n, n=n, ceiling=1.0)
    wider, degrees = max(found.dispersion, 1.0), 10
    design = sm.add_constant(years - 2010)
    reference = sm.GLM(np.column_stack([count, n - count]), design, family=sm.families.Binomial()).fit()
    at = np.array([1.0, 1.5])
    centre = float(at @ reference.params)
    error = np.sqrt(wider * at @ reference.cov_params() @ at)
    quantile = stats.t.ppf(0.975, degrees) if found.dispersion > 1 else stats.norm.ppf(0.975)
    band = found.curve([2011.5]).iloc[0]
    assert band["conf_low"] == pytest.approx(special.expit(centre - quantile * error), abs=1e-6)
    assert band["conf_high"] == pytest.approx(special.expit(centre + quantile * error), abs=1e-6)


@pytest.mark.parametrize("model", ["logistic", "bass"])
def test_with_standard_errors_it_is_weighted_least_squares(model: str):
    rng = np.random.default_rng(11)
    years, errors = np.linspace(2007.5, 2014, 14), np.full(14, 0.01)
    if model == "logistic":
        truth, guess = logistic(years, 1.8, 2010.2, 0.8), [1.5, 2010.0, 0.7]
        function = logistic
    else:
        truth, guess = bass(years, 0.02, 1.1, 0.7, 2006.5), [0.01, 1.0, 0.6]

        def function(t: np.ndarray, *at: float) -> np.ndarray:
            return bass(t, *at, 2006.5)

    shares = np.clip(truth + rng.normal(0, 0.01, 14), 0, 1)
    found = fit_diffusion(years, shares, std_errors=errors, model=model, launch=2006.5)  # type: ignore[arg-type]
    wanted, covariance = optimize.curve_fit(function, years, shares, p0=guess, sigma=errors, absolute_sigma=True)
    names = ("growth", "midpoint", "ceiling") if model == "logistic" else ("innovation", "imitation", "ceiling")
    assert [found.parameter(name).estimate for name in names] == pytest.approx(wanted, rel=1e-5)
    wider = max(found.dispersion, 1.0)
    errors_of_rates = [found.parameter(name).std_error for name in names[:2]]
    assert errors_of_rates == pytest.approx(np.sqrt(wider * np.diag(covariance)[:2]), rel=2e-3)


def test_finds_the_parameters_of_bass_that_were_planted():
    years, n = np.arange(2007, 2019, 0.5), np.full(24, 200_000)
    shares = np.random.default_rng(5).binomial(n, bass(years, 0.03, 0.38, 0.6, 2006.0)) / n
    found = fit_diffusion(years, shares, n=n, model="bass", launch=2006.0)
    for name, planted in (("innovation", 0.03), ("imitation", 0.38), ("ceiling", 0.6)):
        told = found.parameter(name)
        assert isinstance(told, Estimate)
        assert told.conf_low < planted < told.conf_high
        assert told.estimate == pytest.approx(planted, rel=0.03)
    assert found.inflection.estimate == pytest.approx(2006 + np.log(0.38 / 0.03) / 0.41, abs=0.1)


def test_intervals_of_the_ceiling_cover_it_as_often_as_they_say():
    rng, years, n = np.random.default_rng(8), np.linspace(2008, 2015, 10), np.full(10, 1000)
    truth = logistic(years, 1.3, 2010.5, 0.7)
    inside = 0
    for _ in range(60):
        found = fit_diffusion(years, rng.binomial(n, truth) / n, n=n)
        inside += found.ceiling.conf_low <= 0.7 <= found.ceiling.conf_high
    assert 53 <= inside <= 60


def test_the_ends_of_the_profile_are_where_the_deviance_has_risen_enough():
    found = fit_diffusion(YEARS[1:7], AWARE[1:7], n=N[1:7], half_unit=0.005)
    quantile = stats.t.ppf(0.975, 3)
    for end in (found.ceiling.conf_low, found.ceiling.conf_high):
        fixed = fit_diffusion(YEARS[1:7], AWARE[1:7], n=N[1:7], half_unit=0.005, ceiling=end)
        assert (fixed.deviance - found.deviance) / found.dispersion == pytest.approx(quantile**2, rel=0.02)


def test_bootstrap_and_delta_method_agree_where_points_are_many():
    rng, years, n = np.random.default_rng(2), np.linspace(2008, 2015, 25), np.full(25, 3000)
    found = fit_diffusion(years, rng.binomial(n, logistic(years, 1.3, 2010.5, 0.7)) / n, n=n)
    when = [2009.0, 2011.0, 2014.0]
    delta, bootstrap = found.curve(when), found.bootstrap(when, replicates=400)
    widths = (bootstrap["conf_high"] - bootstrap["conf_low"]) / (delta["conf_high"] - delta["conf_low"])
    assert ((widths > 0.8) & (widths < 1.25)).all()


def test_membership_of_twitter_does_not_say_where_it_ends():
    for model in ("logistic", "bass"):
        found = fit_diffusion(YEARS[2:], MEMBERS, n=N[2:], half_unit=0.005, model=model, launch=2006.53)  # type: ignore[arg-type]
        assert found.ceiling.conf_high == 1
        assert not found.ceiling_is_known
        assert {OPEN_CEILING.message, OUTSIDE.message, FEW_POINTS.message, WITHOUT_SIZE.message} <= notes(found)


def test_rounding_widens_every_interval():
    exact = fit_diffusion(YEARS[2:], MEMBERS, n=N[2:], ceiling=1.0)
    rounded = fit_diffusion(YEARS[2:], MEMBERS, n=N[2:], half_unit=0.005, ceiling=1.0)
    assert rounded.deviance < exact.deviance
    assert rounded.seen.sizes is not None
    assert exact.seen.sizes is not None
    assert (rounded.seen.sizes < exact.seen.sizes).all()


def test_points_without_a_size_count_as_the_smallest_or_not_at_all():
    counted = fit_diffusion(YEARS, AWARE, n=N)
    assert len(counted.times) == 8
    assert {str(note) for note in counted.notes} >= {
        "points without a published number of respondents, 2 of 8, count as the smallest one, 1002"
    }
    left = fit_diffusion(YEARS, AWARE, n=N, unknown_sizes="left out")
    assert len(left.times) == 6
    assert LEFT_OUT.message in notes(left)


def test_scatter_beyond_sampling_widens_intervals_and_is_said():
    found = fit_diffusion(YEARS, AWARE, n=N, half_unit=0.005)
    assert found.dispersion > 10
    assert any("points scatter 5.1 times" in str(note) for note in found.notes)
    residuals = found.residuals()["residual"]
    assert (residuals**2).sum() / 5 == pytest.approx(found.dispersion)


def test_logistic_and_bass_cannot_be_told_apart_on_eight_points():
    fits = {
        model: fit_diffusion(YEARS, AWARE, n=N, half_unit=0.005, model=model, launch=2006.53)  # type: ignore[arg-type]
        for model in ("logistic", "bass")
    }
    fits["everybody"] = fit_diffusion(YEARS, AWARE, n=N, half_unit=0.005, ceiling=1.0)
    compared = compare_diffusion(fits)
    assert not compared.decided
    assert compared.table["name"].iloc[-1] == "everybody"
    assert compared.table["weight"].sum() == pytest.approx(1)


def test_a_ceiling_that_is_given_is_said_to_be():
    found = fit_diffusion(YEARS[2:], MEMBERS, n=N[2:], ceiling=0.5)
    assert GIVEN_CEILING.message in notes(found)
    assert found.ceiling.method == "given"
    assert not found.ceiling_is_known


def test_bass_without_imitation_has_no_inflection():
    years, n = np.linspace(2007, 2014, 12), np.full(12, 100_000)
    found = fit_diffusion(years, bass(years, 0.4, 0.05, 0.6, 2006.0), n=n, model="bass", launch=2006.0)
    assert isinstance(found.inflection, Unavailable)


def test_many_fits_at_once_reach_the_maximum_of_one():
    found = fit_diffusion(YEARS, AWARE, n=N)
    again = fit_diffusion(YEARS[::-1], AWARE[::-1], n=N[::-1])
    assert again.deviance == pytest.approx(found.deviance, rel=1e-9)
    assert curve("logistic", found.theta, found.seen.times, None).shape == (8,)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"n": N, "model": "gompertz"}, "model"),
        ({"n": N, "std_errors": np.full(8, 0.01)}, "got both or neither"),
        ({}, "got both or neither"),
        ({"n": N[1:]}, "lengths differ"),
        ({"n": N, "ceiling": 1.5}, "a share above 0"),
        ({"n": N, "model": "bass"}, "a year before the first point"),
        ({"n": np.full(8, np.nan)}, "not published for any point"),
    ],
)
def test_says_what_is_wrong(options: dict[str, object], what: str):
    with pytest.raises(SpecError, match=what):
        fit_diffusion(YEARS, AWARE, **options)  # type: ignore[arg-type]


def test_needs_more_points_than_parameters():
    with pytest.raises(EstimateError, match="3 points for 3 parameters"):
        fit_diffusion(YEARS[1:4], AWARE[1:4], n=N[1:4])


@pytest.mark.parametrize("model", ["logistic", "bass"])
def test_a_series_that_falls_is_not_fitted(model: str):
    """MySpace in France: from 12 to 4 % in four years."""
    with pytest.raises(NotRisingError) as caught:
        fit_diffusion(
            [2009.4, 2010.4, 2011.4, 2012.4, 2013.4],
            [0.12, 0.10, 0.08, 0.06, 0.04],
            n=[1000] * 5,
            model=model,
            launch=2003.0,
        )
    assert str(caught.value) == (
        "shares: do not rise, from 12.0% in 2009.4 to 4.0% in 2013.4. Fit a curve of diffusion to a series that rises."
    )


def test_a_level_series_is_not_fitted_more_often_than_its_test_errs():
    rng = np.random.default_rng(3)
    fitted = 0
    for _ in range(60):
        try:
            fit_diffusion(YEARS, rng.binomial(1000, 0.3, 8) / 1000, n=[1000.0] * 8, ceiling=0.9)
        except NotRisingError:
            continue
        fitted += 1
    assert fitted <= 7


def test_a_fall_after_the_rise_is_said():
    shares = [0.05, 0.20, 0.40, 0.55, 0.60, 0.45]
    assert FALLEN.message in notes(fit_diffusion(YEARS[:6], shares, n=[1000.0] * 6))
    assert FALLEN.message not in notes(fit_diffusion(YEARS[:6], [*shares[:5], 0.60], n=[1000.0] * 6))
