from __future__ import annotations

from datetime import date, timedelta

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from statsmodels.stats.contingency_tables import Table
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_chisquare, proportions_ztest

from churn.cohorts.comparison import CohortComparison, compare_cohorts
from churn.cohorts.retention import Retention, measure_retention
from churn.cohorts.rules import RetentionRule
from surveys.core.errors import EstimateError, SpecError
from tests.churn.plain import activity_of

mpl.use("agg")

MONDAY = date(2013, 1, 7)
SIZES, KEPT = [40, 60, 0, 50, 70, 30], [10, 18, 0, 22, 35, 12]


@pytest.fixture(scope="module")
def weekly() -> Retention:
    """Weekly cohorts, some of which is active again a week later; the third week has no sign-ups."""
    days, name = {}, 0
    for week, (size, kept) in enumerate(zip(SIZES, KEPT, strict=True)):
        for i in range(size):
            days[name] = {7 * week} | ({7 * week + 7} if i < kept else set())
            name += 1
    return measure_retention(activity_of(days, 7 * 7, MONDAY), RetentionRule(period="week"))


@pytest.fixture(scope="module")
def found(weekly: Retention) -> CohortComparison:
    return compare_cohorts(weekly, age=1)


def test_the_later_half_of_the_cohorts_is_newer(found: CohortComparison):
    assert found.since == MONDAY + timedelta(weeks=3)
    assert (found.older.n, found.newer.n) == (100, 150)
    assert found.older.estimate == 28 / 100
    assert found.newer.estimate == 69 / 150


def test_the_difference_is_that_of_statsmodels(found: CohortComparison):
    low, high = confint_proportions_2indep(69, 150, 28, 100, method="newcomb", compare="diff")
    assert (found.difference.conf_low, found.difference.conf_high) == pytest.approx((low, high), abs=1e-12)
    assert found.difference_p_value == pytest.approx(proportions_ztest([69, 28], [150, 100])[1], rel=1e-10)


def test_the_trend_is_cochran_and_armitages(found: CohortComparison):
    kept = [week for week, size in enumerate(SIZES) if size]
    table = np.array([[SIZES[week] - KEPT[week] for week in kept], [KEPT[week] for week in kept]]).T
    association = Table(table).test_ordinal_association(row_scores=np.array(kept), col_scores=np.array([0, 1]))
    n = sum(SIZES)
    # The permutation variance has n - 1 where the binomial one has n.
    z = association.zscore * np.sqrt(n / (n - 1))
    from scipy.stats import norm

    assert found.trend_p_value == pytest.approx(2 * norm.sf(abs(z)), rel=1e-9)
    share = np.array([KEPT[week] / SIZES[week] for week in kept])
    slope = np.polyfit(kept, share, 1, w=np.sqrt([SIZES[week] for week in kept]))[0]
    assert found.trend.estimate == pytest.approx(slope)
    assert found.trend.conf_low < slope < found.trend.conf_high


def test_homogeneity_is_pearsons(found: CohortComparison):
    kept = [week for week, size in enumerate(SIZES) if size]
    statistic, p_value, _ = proportions_chisquare([KEPT[week] for week in kept], [SIZES[week] for week in kept])
    assert (found.homogeneity, found.homogeneity_p_value) == pytest.approx((statistic, p_value))


def test_only_complete_cohorts_are_compared(weekly: Retention):
    later = compare_cohorts(weekly, age=2)
    assert later.cohort == weekly.cohort[:4]
    assert str(later.notes[-1]) == "1 cohorts are not complete at age 2 and are left out"
    with pytest.raises(EstimateError, match="1 cohorts are complete at age 6"):
        compare_cohorts(weekly, age=6)


def test_a_date_splits_the_cohorts(weekly: Retention):
    found = compare_cohorts(weekly, age=1, since=MONDAY + timedelta(days=1))
    assert found.older.n == 40
    assert found.to_frame()["newer"].tolist() == [False, True, True, True, True]
    with pytest.raises(EstimateError, match="signed up since 2013-01-01"):
        compare_cohorts(weekly, age=1, since=date(2013, 1, 1))


def test_summary_tells_the_difference(found: CohortComparison):
    assert found.summary() == (
        "at age 1, cohorts since 2013-01-28 retain 46.0%, older ones 28.0%: +18.0 points [+5.7, +29.2], p = 0.0042"
    )


def test_the_figure_holds_a_point_per_cohort(found: CohortComparison):
    ax = found.plot(Figure().add_subplot())
    assert ax.lines[0].get_ydata().tolist() == found.share.tolist()


def test_cohorts_that_share_accounts_are_refused(weekly: Retention):
    activity = activity_of({1: {0, 30}, 2: {3, 40}})
    for retention in (
        measure_retention(activity, cohort_kind="recurring"),
        measure_retention(activity, cohorts="all"),
    ):
        with pytest.raises(SpecError, match="share no account"):
            compare_cohorts(retention, age=1)
    for age in (0, 99):
        with pytest.raises(SpecError, match="compare_cohorts, age"):
            compare_cohorts(weekly, age=age)
