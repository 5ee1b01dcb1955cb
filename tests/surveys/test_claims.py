"""Claims: verdicts of the six best-known ones, and what moves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.examples import open_example
from surveys.claim_sections import Claim
from surveys.claims import CheckedClaim, check_claim, top_share_bounds
from surveys.errors import StudyError
from surveys.published import PublishedFigures, read_published
from surveys.results import Estimate
from surveys.study import Study


@pytest.fixture(scope="module")
def study() -> Study:
    return open_example("twitter_france")


@pytest.fixture(scope="module")
def published(study: Study) -> PublishedFigures:
    return read_published(study)


@pytest.fixture(scope="module")
def claims(study: Study) -> dict[str, Claim]:
    return {claim.id: claim for claim in study.claim}


@pytest.fixture
def check(claims: dict[str, Claim], published: PublishedFigures):
    def checked(name: str, **changes: Any) -> CheckedClaim:
        return check_claim(Claim.model_validate(claims[name].model_dump() | changes), published)

    return checked


@pytest.mark.parametrize(
    ("name", "verdict", "flags"),
    [
        ("a-third-know-twitter", "overstated", set()),
        ("760000-on-twitter", "consistent", {"base", "date", "precision"}),
        ("12-million-on-facebook", "supported", {"base"}),
        ("60-percent-leave", "not checkable", {"definition", "base"}),
        ("40-percent-futile", "consistent", {"base"}),
        ("80-20", "understated", {"base"}),
    ],
)
def test_the_six_best_known_claims_get_the_verdict_that_the_evidence_bears(check, name, verdict, flags):
    checked = check(name)
    assert checked.verdict == verdict
    assert {difference.flag for difference in checked.differences} == flags


def test_30_percent_is_within_the_interval_and_28_is_what_was_published(check):
    assert check("a-third-know-twitter", value=0.3).verdict == "consistent"
    assert check("a-third-know-twitter", value=0.28).verdict == "supported"


def test_a_share_far_outside_the_interval_is_contradicted(check):
    assert check("a-third-know-twitter", value=0.9).verdict == "contradicted"
    assert check("a-third-know-twitter", value=0.05).verdict == "contradicted"


def test_a_product_that_does_not_multiply_is_contradicted(check):
    checked = check("760000-on-twitter", value=7_600_000)
    assert checked.verdict == "contradicted"
    assert "arithmetic" in {difference.flag for difference in checked.differences}


def test_760000_on_the_population_of_its_date_lies_between_a_third_of_a_million_and_one_and_a_quarter(check):
    interval = check("760000-on-twitter").interval
    assert isinstance(interval, Estimate)
    assert interval.estimate == pytest.approx(694_000)
    assert 0.25e6 < interval.conf_low < 0.45e6
    assert 1.06e6 < interval.conf_high < 1.30e6


def test_a_definition_that_fits_makes_the_claim_checkable_but_for_the_base(check):
    assert check("60-percent-leave", evidence=[{"id": "nielsen09_dropout"}]).verdict == "not checkable"
    assert check("60-percent-leave", evidence=[{"id": "ipsos13_twitter_lapse"}]).verdict == "not checkable"


def test_another_country_is_not_evidence(check):
    assert check("a-third-know-twitter", country="CA").verdict == "not checkable"


def test_evidence_that_is_not_in_the_file_is_named_with_the_nearest_row(check):
    with pytest.raises(StudyError) as caught:
        check("a-third-know-twitter", evidence=[{"id": "ifop_w3_twitter_awar"}])
    assert str(caught.value) == (
        "study.toml, [[claim]] 'a-third-know-twitter': 'ifop_w3_twitter_awar' is not in published_figures.csv. "
        "Did you mean 'ifop_w3_twitter_aware'?"
    )


def test_bounds_of_a_concentration_curve_are_exact_at_a_known_point():
    assert top_share_bounds(0.1, [(0.1, 0.9)]) == pytest.approx((0.9, 0.9))


def test_nothing_known_means_between_equality_and_one_account_sending_all():
    assert top_share_bounds(0.2, []) == pytest.approx((0.2, 1.0))


def test_a_real_concentration_curve_lies_within_its_bounds():
    import numpy as np

    messages = np.sort(np.random.default_rng(5).pareto(1.2, 10_000))[::-1].cumsum()
    share = messages / messages[-1]
    points = [(0.05, float(share[499])), (0.3, float(share[2999]))]
    low, high = top_share_bounds(0.2, points)
    assert low <= share[1999] <= high


def test_the_published_file_is_beside_the_study(published: PublishedFigures):
    assert published.path.name == Path("published_figures.csv").name
    assert published["ifop_w3_twitter_aware"].n == 1015
