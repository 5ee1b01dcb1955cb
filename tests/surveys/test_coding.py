from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from surveys.coding.agreement import cohen_kappa, fleiss_kappa, krippendorff_alpha
from surveys.coding.shares import share_of_codes, share_of_counts
from surveys.core.errors import EstimateError, SpecError
from surveys.design.design import Design
from surveys.estimates.means import proportion

TWEETS = {"babble": 811, "conversation": 751, "pass-along": 174, "promotion": 117, "spam": 75, "news": 72}

_ = None
FOUR_CODERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ],
    dtype=object,
).T
"""Krippendorff (2011), example C: four observers, twelve units, data missing."""


def test_two_thousand_tweets_of_2009():
    found = share_of_counts(TWEETS)
    assert found.n == 2000
    assert found.share.tolist() == [0.4055, 0.3755, 0.087, 0.0585, 0.0375, 0.036]
    quantile = stats.chi2.ppf(1 - 0.05 / 6, 1)
    p, n = 0.4055, 2000
    half = np.sqrt(quantile * (quantile + 4 * n * p * (1 - p)))
    low, high = (
        (quantile + 2 * n * p - half) / (2 * (n + quantile)),
        (quantile + 2 * n * p + half) / (2 * (n + quantile)),
    )
    assert (found.conf_low[0], found.conf_high[0]) == (pytest.approx(low), pytest.approx(high))
    assert [str(note) for note in found.notes] == [
        "messages are taken as drawn one by one; drawn by day or half-hour, they would tell less"
    ]


def test_intervals_of_sison_and_glaz_have_one_width():
    counts = dict(zip("abcdefg", (56, 72, 73, 59, 62, 87, 58), strict=True))
    narrow, wide = share_of_counts(counts, method="sison-glaz"), share_of_counts(counts)
    width = narrow.conf_high - narrow.conf_low
    assert width == pytest.approx(np.full(7, width[0]))
    assert width.prod() < (wide.conf_high - wide.conf_low).prod()


def test_the_design_effect_is_that_of_the_survey_design(rng):
    day = np.repeat(np.arange(20), 50)
    busy = rng.random(20)[day]
    codes = np.where(rng.random(1000) < busy, "babble", "talk")
    found = share_of_codes(codes, cluster=day)
    design = Design.from_frame(pd.DataFrame({"day": day}), cluster="day")
    p = (codes == "babble").mean()
    error = proportion(design, (codes == "babble").astype(float)).std_error[0]
    assert found.design_effect == pytest.approx(error**2 / (p * (1 - p) / 1000))
    assert found.n_clusters == 20
    assert found.n_effective < 1000
    assert found.notes == ()


def test_a_supposed_design_effect_widens_every_interval():
    one, two = share_of_counts(TWEETS), share_of_counts(TWEETS, design_effect=2)
    assert ((two.conf_high - two.conf_low) > (one.conf_high - one.conf_low)).all()
    assert str(two.notes[0]) == (
        "the variance is supposed, not estimated, to be 200.0% of that of messages drawn one by one"
    )


def test_simultaneous_intervals_cover_all_shares_as_often_as_they_say(rng):
    truth = np.array([0.4, 0.35, 0.15, 0.1])
    drawn = rng.multinomial(400, truth, size=1000)
    found = [share_of_counts(dict(zip("abcd", map(int, row), strict=True))) for row in drawn]
    covered = np.mean([((one.conf_low <= truth) & (truth <= one.conf_high)).all() for one in found])
    assert covered > 0.94


def test_names_every_count_that_cannot_be_used():
    with pytest.raises(SpecError) as error:
        share_of_counts({"a": -1}, design_effect=0.5, method="godman")
    assert str(error.value).split("\n") == [
        "method 'godman': not an interval known here. Did you mean 'goodman'?",
        "counts: got 1 categories, expected two or more. Give all of them.",
        "counts: not a number of messages: a. Give whole numbers.",
        "design_effect: got 0.5, expected 1 or more. Leave it out if it is not known.",
    ]


def test_messages_without_a_category_are_refused():
    with pytest.raises(SpecError, match="1 of 3 messages have no category"):
        share_of_codes(["a", None, "b"])


def test_doors_of_coded_shares():
    found = share_of_counts(TWEETS)
    assert found.to_frame()["category"].tolist() == list(TWEETS)
    assert found.summary().startswith("babble: 40.6% [37.7%, 43.5%], n = 2,000\n")
    axes = Figure().subplots()
    assert found.plot(axes) is axes


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_of_krippendorffs_example_with_missing_data(level: str, published: float):
    found = krippendorff_alpha(FOUR_CODERS, level=level)
    assert found.estimate == pytest.approx(published, abs=5e-4)
    assert (found.n_units, found.n_coders) == (11, 4)
    assert found.conf_low < found.estimate <= found.conf_high
    assert [str(note) for note in found.notes] == ["messages left out because fewer than two coders coded them: 1"]


def test_alpha_of_krippendorffs_examples_with_two_observers():
    binary = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]
    nominal = [list("aabbdcccedda"), list("babbbcccedd" + "d")]
    assert krippendorff_alpha(np.array(binary).T).estimate == pytest.approx(0.095, abs=5e-4)
    assert krippendorff_alpha(np.array(nominal).T).estimate == pytest.approx(0.692, abs=5e-4)


def test_fleiss_kappa_of_the_textbook_table():
    counts = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    ratings = [np.repeat(np.arange(5), row) for row in counts]
    found = fleiss_kappa(ratings)
    assert found.estimate == pytest.approx(0.210, abs=5e-4)
    assert (found.n_units, found.n_coders) == (10, 14)


def test_intervals_are_the_same_for_the_same_seed():
    one, same, other = (krippendorff_alpha(FOUR_CODERS, seed=seed) for seed in (1, 1, 2))
    assert (one.conf_low, one.conf_high) == (same.conf_low, same.conf_high)
    assert (one.conf_low, one.std_error) != (other.conf_low, other.std_error)


def test_weighted_kappa_spares_near_misses():
    first, second = [1, 2, 3, 1, 2, 3, 1, 2, 3], [1, 2, 3, 2, 3, 3, 1, 1, 2]
    plain, weighted = (cohen_kappa(first, second, weights=weights).estimate for weights in ("none", "quadratic"))
    assert weighted > plain


def test_full_agreement_is_one():
    assert cohen_kappa(list("aabb"), list("aabb")).estimate == pytest.approx(1)
    assert krippendorff_alpha([["a", "a"], ["b", "b"]]).estimate == pytest.approx(1)


def test_one_category_tells_nothing_about_agreement():
    for agree in (lambda: krippendorff_alpha([["a", "a"]] * 3), lambda: fleiss_kappa([["a", "a"]] * 3),
                  lambda: cohen_kappa(["a"] * 3, ["a"] * 3)):  # fmt: skip
        with pytest.raises(EstimateError, match="all messages were given the same category"):
            agree()


def test_kappa_says_which_messages_it_left_out():
    found = cohen_kappa(["a", "b", None, "a"], ["a", "b", "b", "b"])
    assert found.n_units == 3
    assert [str(note) for note in found.notes] == ["messages left out because some coder did not code them: 1"]
