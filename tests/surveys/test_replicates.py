from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from surveys.core.errors import EstimateError, SpecError
from surveys.design.design import Design
from surveys.design.replicates import ReplicateDesign, bootstrap, jackknife
from surveys.estimates.means import combine, mean, proportion, ratio, total
from surveys.samples.design_report import describe_design
from surveys.weighting.recipe import PostStratify, Rake, reweight


@pytest.fixture
def frame(rng: np.random.Generator) -> pd.DataFrame:
    n = 300
    stratum = np.repeat(["N", "S", "W"], n // 3)
    unit = np.arange(n) // 10
    effect = rng.normal(0, 0.3, unit.max() + 1)[unit]
    y = (rng.random(n) < 0.4 + 0.5 * effect).astype(float)
    return pd.DataFrame(
        {
            "region": stratum,
            "psu": unit,
            "w": rng.uniform(1, 3, n),
            "y": y,
            "x": rng.gamma(2, 2, n),
            "sex": rng.choice(["F", "M"], n),
        }
    )


def staged(frame: pd.DataFrame) -> Design:
    return Design.from_frame(frame, weight="w", strata="region", cluster="psu")


def in_file(n: int = 4) -> pd.DataFrame:
    columns = {f"rw{i}": np.arange(1.0, 6) + i for i in range(1, n + 1)}
    return pd.DataFrame({"w": np.arange(1.0, 6), "y": [0.0, 1, 1, 0, 1], **columns})


def read(frame: pd.DataFrame, **settings: object) -> ReplicateDesign:
    given = {"weight": "w", "columns": "rw[0-9]+", "kind": "BRR"} | settings
    return ReplicateDesign.from_replicates(frame, **given)  # type: ignore[arg-type]


def test_a_worked_example():
    frame = pd.DataFrame(
        {"w": [1.0, 1, 1], "y": [2.0, 4, 9], "rw1": [0, 1.5, 1.5], "rw2": [1.5, 0, 1.5], "rw3": [1.5, 1.5, 0]}
    )
    found = total(read(frame, kind="JK1"), frame["y"])
    replicates = np.array([19.5, 16.5, 9.0])
    assert found.std_error[0] ** 2 == pytest.approx(2 / 3 * np.square(replicates - replicates.mean()).sum())
    assert found.df.tolist() == [2]


def test_the_jackknife_of_a_total_is_the_linearised_variance(frame):
    taylor, again = total(staged(frame), frame["x"]), total(jackknife(staged(frame)), frame["x"])
    assert again.std_error[0] == pytest.approx(taylor.std_error[0], rel=1e-12)
    assert again.df.tolist() == taylor.df.tolist() == [27]


def test_the_jackknife_uses_population_sizes(frame):
    sized = frame.assign(size=40)
    design = Design.from_frame(sized, weight="w", strata="region", cluster="psu", fpc="size")
    assert total(jackknife(design), frame["x"]).std_error[0] == pytest.approx(total(design, frame["x"]).std_error[0])


def test_jackknife_and_bootstrap_come_close_to_linearisation(frame):
    design = staged(frame)
    expected = ratio(design, frame["y"], frame["x"]).std_error[0]
    assert ratio(jackknife(design), frame["y"], frame["x"]).std_error[0] == pytest.approx(expected, rel=0.03)
    drawn = bootstrap(design, n_replicates=400, seed=3)
    assert ratio(drawn, frame["y"], frame["x"]).std_error[0] == pytest.approx(expected, rel=0.15)


def test_the_bootstrap_is_the_same_for_the_same_seed(frame):
    one, two = (bootstrap(staged(frame), n_replicates=20, seed=5) for _ in range(2))
    assert one.replicates.tobytes() == two.replicates.tobytes()
    assert not np.array_equal(one.replicates, bootstrap(staged(frame), n_replicates=20, seed=6).replicates)
    sums = pd.DataFrame(one.replicates > 0).groupby(frame["psu"]).nunique()
    assert (sums == 1).all().all()


def test_every_replicate_is_weighed_again(frame):
    design = reweight(
        staged(frame), frame, Rake({"sex": {"F": 500, "M": 400}, "region": {"N": 200, "S": 300, "W": 400}})
    )
    made = jackknife(design)
    for column in made.replicates.T:
        assert column[frame["sex"] == "F"].sum() == pytest.approx(500)
        assert column[frame["region"] == "W"].sum() == pytest.approx(400)
    women = total(made, (frame["sex"] == "F").astype(float))
    assert women.std_error[0] < 1e-6 * women.estimate[0]


def test_replicates_weighed_later_are_those_made_of_weighed_ones(frame):
    step = PostStratify("sex", {"F": 500, "M": 400})
    later = reweight(jackknife(staged(frame)), frame, step)
    earlier = jackknife(reweight(staged(frame), frame, step))
    assert np.allclose(later.replicates, earlier.replicates)
    assert np.allclose(later.weights, earlier.weights)


def test_replicates_without_an_estimate_are_left_out_and_said():
    frame = in_file()
    frame.loc[:2, "rw2"] = 0.0
    design = read(frame)
    found = mean(design, frame["y"], by=["a", "a", "a", "b", "b"])
    assert [str(note) for note in found.notes] == [
        "1 of 4 replicates are left out, because an estimate does not exist in them"
    ]
    kept = [1, 3, 4]
    values = np.array([[np.average(frame["y"][:3], weights=frame[f"rw{r}"][:3])] for r in kept])
    assert found.std_error[0] ** 2 == pytest.approx(np.square(values - values.mean()).sum() / 4)


def test_a_domain_of_nobody_does_not_spoil_the_others():
    frame = in_file()
    domain = pd.Categorical(["a"] * 5, categories=["a", "nobody"])
    found = mean(read(frame), frame["y"], by=domain)
    assert np.isfinite(found.std_error[0])
    assert np.isnan(found.std_error[1])


def test_no_replicate_with_all_estimates_is_an_error():
    frame = in_file(2).assign(rw1=[0.0, 0, 0, 1, 1], rw2=[1.0, 1, 1, 0, 0])
    with pytest.raises(EstimateError, match="there is no replicate in which all estimates exist"):
        mean(read(frame), frame["y"], by=["a", "a", "a", "b", "b"])


def test_deviations_can_be_taken_from_the_estimate():
    frame = in_file()
    around_mean, around_estimate = read(frame), read(frame, centre="estimate")
    full = mean(around_mean, frame["y"]).estimate[0]
    values = np.array([np.average(frame["y"], weights=frame[f"rw{r}"]) for r in range(1, 5)])
    assert mean(around_mean, frame["y"]).std_error[0] ** 2 == pytest.approx(np.square(values - values.mean()).mean())
    assert mean(around_estimate, frame["y"]).std_error[0] ** 2 == pytest.approx(np.square(values - full).mean())


def test_factors_are_multiplied_by_the_weight():
    frame = in_file()
    columns = [f"rw{i}" for i in range(1, 5)]
    factors = frame.assign(**{name: frame[name] / frame["w"] for name in columns})
    assert np.allclose(read(factors, holding="factors").replicates, read(frame).replicates)


@pytest.mark.parametrize(
    ("kind", "settings", "coefficient"),
    [
        ("JK1", {}, 3 / 4),
        ("BRR", {}, 1 / 4),
        ("Fay", {"rho": 0.5}, 1),
        ("bootstrap", {}, 1 / 3),
        ("SDR", {}, 1),
        ("JKn", {"rscales": [0.5] * 4}, 0.5),
        ("other", {"scale": 0.1, "rscales": 2.0}, 0.2),
    ],
)
def test_each_kind_has_its_scale(kind, settings, coefficient):
    assert read(in_file(), kind=kind, **settings).coefficients.tolist() == pytest.approx([coefficient] * 4)


def test_a_domain_in_few_units_has_few_degrees_of_freedom(frame):
    made = jackknife(staged(frame))
    columns = {f"rw{i}": column for i, column in enumerate(made.replicates.T)}
    table = pd.concat([frame, pd.DataFrame(columns)], axis=1)
    design = read(table, kind="JKn", rscales=made.coefficients.tolist())
    assert design.degrees_of_freedom() == 27
    assert design.degrees_of_freedom(frame["psu"].isin([0, 1, 2]).to_numpy()) == 2
    assert read(table, kind="JKn", rscales=made.coefficients.tolist()).degrees_of_freedom() == 27


def test_results_of_one_sample_share_a_covariance(frame):
    design = jackknife(staged(frame))
    both = combine(proportion(design, frame["y"]), mean(design, frame["x"]), keys=["y", "x"])
    apart = mean(design, frame[["y", "x"]])
    assert np.allclose(both.covariance, apart.covariance)


def test_influence_values_can_stand_in_for_estimating_again(frame):
    design, x = jackknife(staged(frame)), frame["x"].to_numpy()
    assert design.covariance(x[:, None])[0, 0] == pytest.approx(total(design, x).std_error[0] ** 2)


def test_the_report_of_a_design_counts_its_replicates(frame):
    made = describe_design(jackknife(staged(frame)))
    assert (made.n_replicates, made.n_units, made.n_strata, made.df) == (30, 30, 3, 27)
    given = describe_design(read(in_file()))
    assert (given.n_replicates, given.n_units) == (4, None)
    assert "replicate weights in place of strata and clusters, 4 replicates" in given.summary()


def test_replicates_that_cannot_be_used_are_refused():
    frame = in_file()
    with pytest.raises(SpecError) as error:
        read(frame, columns="zz[0-9]+", weight="ww")
    assert str(error.value).split("\n") == [
        "frame, header: no column matches 'zz[0-9]+'. Columns here: w, y, rw1, rw2, rw3, rw4.",
        "frame, header: no column 'ww'. Did you mean 'w'?",
    ]
    with pytest.raises(SpecError, match=r"kind 'JK3': not a kind of replicate weights .* mean 'JKn'\?"):
        read(frame, kind="JK3")
    with pytest.raises(SpecError, match="rscales: missing, and kind 'JKn' has no usual value"):
        read(frame, kind="JKn")
    with pytest.raises(SpecError, match="rscales: got 3 numbers for 4 replicates"):
        read(frame, kind="JKn", rscales=[1, 1, 1])
    with pytest.raises(SpecError, match="frame, line 2, column 'rw3': there is no weight"):
        read(frame.assign(rw3=[1, np.nan, 1, 1, 1]))


def test_a_jackknife_needs_units_it_can_leave_out():
    lonely = pd.DataFrame({"region": ["N", "N", "S"], "w": [1.0, 1, 1]})
    with pytest.raises(EstimateError, match="one unit alone was drawn from strata 'S'"):
        jackknife(Design.from_frame(lonely, weight="w", strata="region"))
    with pytest.raises(EstimateError, match="a jackknife cannot follow the rule 'adjust'"):
        jackknife(Design.from_frame(lonely, weight="w", strata="region", lonely_psu="adjust"))
    assert jackknife(Design.from_frame(lonely, weight="w", strata="region", lonely_psu="certainty")).n_replicates == 2
    with pytest.raises(EstimateError, match="Use the replicates it has"):
        jackknife(read(in_file()))


def test_a_replicate_without_the_answer_leaves_the_interval_of_a_share_as_it_is_linearised():
    rare = in_file().assign(y=[1.0, 0, 0, 0, 0])
    rare.loc[0, "rw2"] = 0.0
    design = read(rare)
    logit, linear = (proportion(design, rare["y"], method=name) for name in ("logit", "xlogit"))
    assert logit.notes == ()
    assert (logit.conf_low[0], logit.conf_high[0]) == pytest.approx((linear.conf_low[0], linear.conf_high[0]))
    often = read(in_file())
    resampled = [proportion(often, in_file()["y"], method=name).conf_low[0] for name in ("logit", "xlogit")]
    assert resampled[0] != resampled[1]
    assert resampled[0] == pytest.approx(resampled[1], rel=0.05)


@pytest.mark.parametrize("df", [None, 40])
def test_stated_degrees_of_freedom_hold_for_domains_too(df: int | None):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"w": 1.0, "y": rng.normal(size=60), "g": rng.choice(list("ab"), 60)})
    for i in range(6):
        frame[f"r{i}"] = np.where(np.arange(60) % 6 == i, 0, 6 / 5)
    columns = [f"r{i}" for i in range(6)]
    design = ReplicateDesign.from_replicates(frame, weight="w", columns=columns, kind="JK1", df=df)
    domains = mean(design, frame["y"], by=frame["g"])
    expected = 5 if df is None else df
    assert mean(design, frame["y"]).df.tolist() == [expected]
    assert domains.df.tolist() == [expected, expected]
    assert domains.contrast([1, -1]).df == expected
