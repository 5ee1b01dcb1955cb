from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.core.errors import SpecError
from surveys.design.design import Design
from surveys.estimates.means import combine, mean, proportion, ratio, total

matplotlib.use("Agg")


@pytest.fixture
def frame(rng: np.random.Generator) -> pd.DataFrame:
    n = 240
    return pd.DataFrame(
        {
            "w": rng.uniform(0.5, 3, n),
            "stratum": np.repeat(list("abc"), 80),
            "psu": np.repeat(np.arange(48), 5),
            "y": rng.normal(10, 3, n),
            "yes": rng.integers(0, 2, n).astype(float),
            "sex": rng.choice(["F", "M"], n),
            "age": rng.choice(["18-34", "35+"], n),
        }
    )


@pytest.fixture
def design(frame: pd.DataFrame) -> Design:
    return Design.from_frame(frame, weight="w", strata="stratum", cluster="psu")


def test_a_mean_is_the_weighted_mean(design: Design, frame: pd.DataFrame):
    assert mean(design, frame["y"]).estimate[0] == pytest.approx(np.average(frame["y"], weights=frame["w"]))


def test_missing_answers_leave_the_estimate_and_stay_in_the_design(design: Design, frame: pd.DataFrame):
    known = frame["sex"] == "F"
    missing = mean(design, frame["y"].where(known))
    domain = mean(design, frame["y"], rows=known.to_numpy())
    assert missing.std_error == pytest.approx(domain.std_error)
    assert missing.n.tolist() == [known.sum()]


def test_domains_are_those_estimated_one_by_one(design: Design, frame: pd.DataFrame):
    together = mean(design, frame["y"], by=frame["sex"])
    apart = [mean(design, frame["y"], rows=(frame["sex"] == sex).to_numpy()) for sex in ("F", "M")]
    assert together.estimate == pytest.approx([part.estimate[0] for part in apart])
    assert together.std_error == pytest.approx([part.std_error[0] for part in apart])
    assert together.df.tolist() == [part.df[0] for part in apart]


def test_totals_of_domains_add_up_with_their_covariance(design: Design, frame: pd.DataFrame):
    parts = total(design, frame["y"], by=frame["age"])
    whole = total(design, frame["y"])
    joined = parts.contrast([1, 1])
    assert joined.estimate == pytest.approx(whole.estimate[0])
    assert joined.std_error == pytest.approx(whole.std_error[0])


def test_a_share_of_those_who_heard_is_a_ratio_with_the_domain_as_its_denominator(design: Design, frame: pd.DataFrame):
    heard = (frame["y"] > 9).to_numpy()
    of_domain = proportion(design, frame["yes"], rows=heard)
    as_ratio = ratio(design, frame["yes"] * heard, heard.astype(float))
    assert of_domain.estimate == pytest.approx(as_ratio.estimate)
    assert of_domain.std_error == pytest.approx(as_ratio.std_error)


def test_a_difference_of_groups_uses_their_covariance(design: Design, frame: pd.DataFrame):
    shares = proportion(design, frame["yes"], by=frame["sex"])
    difference = shares.contrast({"M": 1, "F": -1})
    v = shares.covariance
    assert v[0, 1] != 0
    assert difference.std_error == pytest.approx(np.sqrt(v[0, 0] + v[1, 1] - 2 * v[0, 1]))
    assert difference.df == design.degrees_of_freedom()


def test_results_of_one_sample_can_share_a_covariance(design: Design, frame: pd.DataFrame):
    both = combine(mean(design, frame["y"]), proportion(design, frame["yes"]), keys=["mean", "share"])
    columns = pd.DataFrame({"y": frame["y"], "yes": frame["yes"]})
    assert both.covariance == pytest.approx(mean(design, columns).covariance)
    assert both.at(("share", "yes")).method == "logit, Student's t"


@given(scale=st.floats(1e-3, 1e6))
def test_shares_do_not_mind_the_scale_of_weights(scale: float):
    frame = pd.DataFrame({"w": [1.0, 2, 3, 4, 5], "yes": [1.0, 0, 1, 1, 0]})
    one = proportion(Design.from_frame(frame, weight="w"), frame["yes"])
    other = proportion(Design.from_frame(frame.assign(w=frame["w"] * scale), weight="w"), frame["yes"])
    assert one.conf_low == pytest.approx(other.conf_low)
    assert one.conf_high == pytest.approx(other.conf_high)


def test_groups_keep_the_order_of_their_categories(design: Design, frame: pd.DataFrame):
    ages = pd.Categorical(frame["age"], ["35+", "18-34"], ordered=True)
    assert mean(design, frame["y"], by=ages).index.tolist() == ["35+", "18-34"]


def test_several_groups_are_crossed(design: Design, frame: pd.DataFrame):
    found = proportion(design, frame["yes"], by=frame[["sex", "age"]])
    assert found.index.tolist() == [("F", "18-34"), ("F", "35+"), ("M", "18-34"), ("M", "35+")]
    assert found.to_frame().columns.tolist() == [
        "sex",
        "age",
        "estimate",
        "std_error",
        "conf_low",
        "conf_high",
        "df",
        "n",
        "method",
    ]


def test_respondents_without_a_level_are_in_no_domain(design: Design, frame: pd.DataFrame):
    levels = frame["sex"].where(frame["age"] == "35+", None)
    found = total(design, np.ones(len(frame)), by=levels)
    assert found.n.sum() == (frame["age"] == "35+").sum()


def test_says_so_when_nobody_is_counted(design: Design, frame: pd.DataFrame):
    sexes = pd.Categorical(frame["sex"], ["F", "M", "X"])
    found = proportion(design, frame["yes"], by=sexes)
    assert np.isnan([found.estimate[2], found.std_error[2], found.conf_low[2]]).all()
    assert found.n[2] == 0
    assert np.isfinite(found.estimate[:2]).all()
    assert [str(note) for note in found.notes] == ["estimates that cannot be had, nobody being counted in them: 1"]


def test_says_so_when_a_domain_lies_in_one_unit(design: Design, frame: pd.DataFrame):
    found = proportion(design, frame["yes"], rows=(frame["psu"] == 3).to_numpy())
    assert np.isnan(found.conf_low[0])
    assert [str(note) for note in found.notes] == [
        "estimates without an interval, their respondents lying in one sampling unit of each stratum: 1"
    ]


def test_a_share_of_nobody_has_a_width(design: Design, frame: pd.DataFrame):
    found = proportion(design, np.zeros(len(frame)))
    assert found.conf_low[0] == 0
    assert 0 < found.conf_high[0] < 0.05
    assert found.method == ("Korn-Graubard",)


def test_points_are_drawn_on_their_intervals(design: Design, frame: pd.DataFrame):
    from matplotlib.figure import Figure

    found = proportion(design, frame["yes"], by=frame["sex"])
    ax = found.plot(Figure().subplots())
    assert ax.lines[0].get_xdata().tolist() == found.estimate.tolist()
    assert [segment[:, 0].tolist() for segment in ax.collections[0].get_segments()] == [
        [low, high] for low, high in zip(found.conf_low, found.conf_high, strict=True)
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda d: mean(d, np.ones(3)),
            "values: got 3 rows for a sample of 240. Give one value for each row of the sample.",
        ),
        (
            lambda d: mean(d, np.ones(240), by=["a"]),
            "by: got 1 rows for a sample of 240. Give one level for each row of the sample.",
        ),
        (
            lambda d: mean(d, np.ones(240), rows=np.ones(240)),
            "rows: got float64 of shape (240,). Give 240 true or false values, one for each row.",
        ),
        (
            lambda d: proportion(d, np.full(240, 2.0)),
            "indicator: got values other than 0 and 1. Use 1 for yes, 0 for no and NaN for no answer.",
        ),
        (
            lambda d: ratio(d, np.ones((240, 3)), np.ones((240, 2))),
            "denominator: got 2 columns for 3 numerators. Give one, or one for each.",
        ),
        (
            lambda d: mean(d, np.ones(240)).contrast({"valeu": 1}),
            "contrast: no estimate is called 'valeu'. Did you mean 'value'?",
        ),
        (
            lambda d: mean(d, np.ones(240)).contrast([1, 2]),
            "contrast: got 2 weights for 1 estimates. Give one for each.",
        ),
        (
            lambda d: d.covariance(np.ones(240)),
            "influence: got shape (240,), expected (240, k). Give one row for each row of the sample.",
        ),
    ],
)
def test_says_what_a_call_should_have_been(design: Design, call: object, message: str):
    with pytest.raises(SpecError) as error:
        call(design)
    assert str(error.value) == message


@pytest.mark.slow
def test_a_million_respondents_take_a_moment():
    import time

    n = 1_000_000
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"w": rng.uniform(1, 3, n), "s": np.repeat(np.arange(50), n // 50), "p": np.arange(n) // 500})
    y, group = rng.integers(0, 2, n).astype(float), rng.integers(0, 6, n)
    start = time.perf_counter()
    design = Design.from_frame(frame, weight="w", strata="s", cluster="p")
    proportion(design, y)
    proportion(design, y, by=group)
    assert time.perf_counter() - start < 5


def test_a_mean_and_its_own_contrast_have_one_number_of_degrees_of_freedom():
    frame = pd.DataFrame({"w": 1.0, "y": np.random.default_rng(2).normal(size=50)})
    answered = frame["y"].where(np.arange(50) < 30)
    found = mean(Design.from_frame(frame, weight="w"), pd.DataFrame({"y": answered, "all": frame["y"]}))
    alone = found.contrast({"y": 1})
    assert (found.df.tolist(), alone.df) == ([29, 49], 29)
    assert (alone.conf_low, alone.conf_high) == pytest.approx((found.conf_low[0], found.conf_high[0]))
    assert found.contrast({"y": 1, "all": -1}).df == 49
