from __future__ import annotations

from collections.abc import Callable

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from surveys.core.errors import SpecError, StudyError
from surveys.estimates.means import proportion
from surveys.funnel.funnel import Funnel, estimate_funnel
from surveys.samples.sample import read_sample
from surveys.study.schema import Study

matplotlib.use("Agg")

TWITTER = {
    "aware": {"item": "q1", "yes": [1]},
    "signup": {"item": "q2", "yes": [1], "not_asked": "no"},
    "active": {"item": "q3", "yes": [1], "not_asked": "no"},
    "left": {"item": "q5", "bands": {"1": "<7 d", "2": "7-30 d"}, "still": [9], "missing": [8], "not_asked": "missing"},
}
COLUMNS = [
    "wave",
    "date",
    "platform",
    "group",
    "level",
    "step",
    "measure",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "df",
    "n",
    "population",
    "population_low",
    "population_high",
    "simulated",
]


def people(n: int = 400, seed: int = 3) -> pd.DataFrame:
    """Simulate respondents who are asked the next question only after a yes."""
    rng = np.random.default_rng(seed)
    aware = rng.random(n) < 0.6
    signup = aware & (rng.random(n) < 0.5)
    active, left = signup & (rng.random(n) < 0.4), rng.choice([1, 2, 8, 9], n)
    frame = pd.DataFrame({"w": rng.uniform(1, 2, n).round(3), "age": rng.integers(18, 70, n)})
    frame["q1"] = np.where(aware, 1, 2)
    frame["q2"] = np.where(aware, np.where(signup, "1", "2"), "")
    frame["q3"] = np.where(signup, np.where(active, "1", "2"), "")
    frame["q5"] = np.where(signup, left.astype(str), "")
    return frame


@pytest.fixture
def study(make_study: Callable[..., Study]) -> Study:
    return make_study(
        people().to_csv(index=False),
        platform={"twitter": TWITTER},
        population={"web": {"size": 32e6, "label": "web users", "source": "made up"}},
        **{"group": {"age": {"item": "age", "bands": [18, 35, 50]}}},
    ).model_copy()


@pytest.fixture
def funnel(study: Study) -> Funnel:
    return estimate_funnel(study)


def test_steps_and_measures_come_in_order(funnel: Funnel):
    frame = funnel.to_frame()
    assert frame.columns.tolist() == COLUMNS
    everybody = frame[frame["group"] == ""]
    assert list(zip(everybody["step"], everybody["measure"], strict=True)) == [
        ("aware", "cumulative"),
        ("signup", "cumulative"),
        ("signup", "conversion"),
        ("active", "cumulative"),
        ("active", "conversion"),
        ("lapsed", "cumulative"),
        ("lapsed", "conversion"),
    ]
    assert set(frame["level"]) == {"", "18-34", "35-49", "50+"}


def test_shares_are_those_of_the_sample(funnel: Funnel, study: Study):
    sample = read_sample(study, study.survey[0])
    answers = study.survey[0].platform["twitter"]
    aware, signup = sample.indicator(answers.aware), sample.indicator(answers.signup)
    by_hand = proportion(sample.design, signup, rows=aware == 1)
    found = funnel.at("2009-06", "twitter", "signup", "conversion")
    assert found.estimate == by_hand.estimate[0]
    assert (found.conf_low, found.conf_high, found.n) == (by_hand.conf_low[0], by_hand.conf_high[0], by_hand.n[0])


def test_cumulative_is_the_product_of_conversions(funnel: Funnel):
    at = {(row.step, row.measure): row.estimate for row in funnel.to_frame().query("group == ''").itertuples()}
    assert at["signup", "cumulative"] == pytest.approx(at["aware", "cumulative"] * at["signup", "conversion"])
    assert at["active", "cumulative"] == pytest.approx(at["signup", "cumulative"] * at["active", "conversion"])
    assert at["lapsed", "cumulative"] == pytest.approx(at["signup", "cumulative"] * at["lapsed", "conversion"])


def test_leaving_is_asked_of_those_who_ever_signed_up(funnel: Funnel):
    frame = people()
    known = frame[frame["q5"].isin(["1", "2", "9"])]
    found = funnel.at("2009-06", "twitter", "lapsed", "conversion")
    assert found.estimate == pytest.approx(np.average(known["q5"] != "9", weights=known["w"]))
    assert found.n == len(known)
    assert funnel.at("2009-06", "twitter", "lapsed").n == len(frame)


def test_a_share_of_some_is_never_passed_for_a_share_of_all(make_study: Callable[..., Study]):
    # Without sign-up, nobody knows what the answers of those who were asked are a share of.
    study = make_study(people().to_csv(index=False), platform={"twitter": {"left": TWITTER["left"]}})
    assert [str(note) for note in estimate_funnel(study).notes] == [
        "'lapsed' of twitter in wave 2009-06 is a share of those who were asked"
    ]


def test_the_product_has_the_variance_of_the_plain_share_where_both_exist(make_study: Callable[..., Study]):
    frame = people()
    frame["q5"] = frame["q5"].replace("8", "9")
    plain = TWITTER | {"left": TWITTER["left"] | {"not_asked": "no"}}
    one = estimate_funnel(make_study(frame.to_csv(index=False), platform={"twitter": TWITTER}))
    other = estimate_funnel(make_study(frame.to_csv(index=False), platform={"twitter": plain}))
    product, share = (found.at("2009-06", "twitter", "lapsed") for found in (one, other))
    assert product.estimate == pytest.approx(share.estimate)
    assert product.std_error == pytest.approx(share.std_error)


def test_answers_that_contradict_each_other_are_counted(make_study: Callable[..., Study]):
    frame = pd.DataFrame({"w": 1.0, "q1": [1, 1, 2, 2, 1], "q2": [1, 2, 1, 2, 2]})
    platform = {"aware": {"item": "q1", "yes": [1]}, "signup": {"item": "q2", "yes": [1]}}
    found = estimate_funnel(make_study(frame.to_csv(index=False), platform={"twitter": platform}))
    assert found.at("2009-06", "twitter", "signup").estimate == pytest.approx(2 / 5)
    assert found.at("2009-06", "twitter", "signup", "conversion").estimate == pytest.approx(1 / 3)
    assert [str(note) for note in found.notes] == [
        "respondents of wave 2009-06 who say yes to 'signup' of twitter but no to 'aware': 1"
    ]


def test_missing_steps_are_passed_over(make_study: Callable[..., Study]):
    platform = {"aware": TWITTER["aware"], "active": TWITTER["active"]}
    frame = estimate_funnel(make_study(people().to_csv(index=False), platform={"twitter": platform})).to_frame()
    assert frame[["step", "measure"]].to_numpy().tolist() == [
        ["aware", "cumulative"],
        ["active", "cumulative"],
        ["active", "conversion"],
    ]


def test_groups_of_a_wave_share_a_covariance(funnel: Funnel, study: Study):
    young, old = (
        ("2009-06", "twitter", "aware", "cumulative", "age", "18-34"),
        ("2009-06", "twitter", "aware", "cumulative", "age", "50+"),
    )
    sample = read_sample(study, study.survey[0])
    aware = sample.indicator(study.survey[0].platform["twitter"].aware)
    by_hand = proportion(sample.design, aware, by=sample.levels("age")).contrast({"18-34": 1, "50+": -1})
    assert funnel.contrast({young: 1, old: -1}).t == pytest.approx(by_hand.t)


def test_waves_are_independent_samples(make_study: Callable[..., Study]):
    study = make_study(people().to_csv(index=False), platform={"twitter": TWITTER})
    second = study.survey[0].model_copy(update={"wave": "2009-11", "file": "second.csv"})
    people(300, seed=4).to_csv(study.folder / "second.csv", index=False)
    funnel = estimate_funnel(study.model_copy(update={"survey": (study.survey[0], second)}))
    keys = [(wave, "twitter", "aware", "cumulative") for wave in ("2009-06", "2009-11")]
    one, other = (funnel.at(*key) for key in keys)
    change = funnel.contrast({keys[1]: 1, keys[0]: -1})
    assert change.estimate == pytest.approx(other.estimate - one.estimate)
    assert change.std_error == pytest.approx(np.hypot(one.std_error, other.std_error))
    v, w = one.std_error**2, other.std_error**2
    assert change.df == pytest.approx((v + w) ** 2 / (v**2 / 399 + w**2 / 299))


def test_people_are_counted_only_where_the_population_is_known(make_study: Callable[..., Study]):
    web = {"web": {"size": 32e6, "label": "web users", "source": "made up"}}
    text = people().to_csv(index=False)
    frame = estimate_funnel(make_study(text, platform={"twitter": TWITTER}, population=web)).to_frame()
    assert frame["population"].isna().all()
    study = make_study(text, platform={"twitter": TWITTER}, population=web)
    named = study.model_copy(update={"survey": (study.survey[0].model_copy(update={"population": "web"}),)})
    frame = estimate_funnel(named).to_frame()
    reached = frame[frame["measure"] == "cumulative"]
    assert reached["population"].to_numpy() == pytest.approx(32e6 * reached["estimate"].to_numpy())
    assert reached["population_high"].to_numpy() == pytest.approx(32e6 * reached["conf_high"].to_numpy())
    assert frame.loc[frame["measure"] == "conversion", "population"].isna().all()


def test_an_unknown_population_is_refused(make_study: Callable[..., Study]):
    study = make_study(
        people().to_csv(index=False),
        platform={"twitter": TWITTER},
        population={"internautes": {"size": 1, "label": "x", "source": "x"}},
    )
    named = study.model_copy(update={"survey": (study.survey[0].model_copy(update={"population": "internaute"}),)})
    with pytest.raises(StudyError) as error:
        estimate_funnel(named)
    assert str(error.value) == (
        "study.toml, survey '2009-06': population 'internaute' is not described. Did you mean 'internautes'?"
    )


def test_says_so_when_nobody_has_heard(make_study: Callable[..., Study]):
    frame = people().assign(q1=2, q2="2")
    platform = {"aware": TWITTER["aware"], "signup": {"item": "q2", "yes": [1]}}
    funnel = estimate_funnel(make_study(frame.to_csv(index=False), platform={"twitter": platform}))
    assert funnel.at("2009-06", "twitter", "aware").estimate == 0
    assert np.isnan(funnel.at("2009-06", "twitter", "signup", "conversion").estimate)
    assert [str(note) for note in funnel.notes] == [
        "estimates of wave 2009-06 that cannot be had, nobody being counted in them: 1"
    ]


def test_each_line_is_a_platform_and_a_step(funnel: Funnel):
    ax = funnel.plot(Figure().subplots())
    assert [line.get_label() for line in ax.lines] == [f"twitter, {s}" for s in ("aware", "signup", "active", "lapsed")]
    assert ax.lines[0].get_ydata().tolist() == [funnel.at("2009-06", "twitter", "aware").estimate]
    assert ax.get_title() == ""


def test_says_which_estimates_exist(funnel: Funnel):
    with pytest.raises(SpecError) as error:
        funnel.at("2009-6", "twitter", "aware")
    assert str(error.value) == "wave '2009-6': the funnel has no such wave. Did you mean '2009-06'?"


def test_a_study_without_a_platform_has_no_funnel(make_study: Callable[..., Study]):
    with pytest.raises(StudyError) as error:
        estimate_funnel(make_study("w,q1\n1,1\n", platform={}))
    assert str(error.value) == (
        "study.toml: no survey asks about a platform. Add [survey.platform.NAME] with the items of its steps."
    )
