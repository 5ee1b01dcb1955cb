from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from matplotlib.figure import Figure

from surveys.core.errors import SpecError, StudyError
from surveys.funnel.funnel import estimate_funnel
from surveys.funnel.waves import WaveChanges, compare_waves
from surveys.published.wave_dates import wave_fieldwork
from surveys.study.breaks import breaks_between, list_breaks
from surveys.study.schema import Study, Survey

HEARD = {"twitter": {"aware": {"item": "q1", "yes": [1]}}}


@pytest.fixture
def compare(tmp_path: Path):
    """Write waves as files and compare them."""

    def compare(*waves: tuple[str, dict[str, Any]], scale: str = "logit") -> WaveChanges:
        specs = []
        for number, (text, spec) in enumerate(waves):
            name = f"wave{number}.csv"
            (tmp_path / name).write_text(text)
            specs.append({"wave": f"201{number}-06", "file": name, "platform": HEARD} | spec)
        about = {"title": "A study", "as_of": "2019-06-30"}
        study = Study.model_validate({"study": about, "survey": specs, "folder": tmp_path})
        return compare_waves(study, estimate_funnel(study), scale=scale)

    return compare


def answers(rng: np.random.Generator, n: int, share: float, first: int = 0) -> tuple[str, np.ndarray]:
    said = (rng.random(n) < share).astype(int)
    return "id,q1\n" + "".join(f"p{first + i},{code}\n" for i, code in enumerate(said)), said


def test_independent_waves_add_their_variances(compare, rng):
    (one, a), (other, b) = answers(rng, 400, 0.3), answers(rng, 300, 0.5)
    change = compare((one, {}), (other, {})).at("2010-06", "2011-06", "twitter", "aware")
    assert change.estimate == pytest.approx(b.mean() - a.mean())
    assert change.std_error == pytest.approx(np.sqrt(a.var(ddof=1) / 400 + b.var(ddof=1) / 300))


def test_the_same_respondents_give_the_error_of_paired_differences(compare, rng):
    text, a = answers(rng, 400, 0.3)
    b = np.where(rng.random(400) < 0.2, 1, a)
    order = rng.permutation(400)
    again = "id,q1\n" + "".join(f"p{i},{b[i]}\n" for i in order)
    panel = {"panel": "A", "id": "id"}
    found = compare((text, panel), (again, panel))
    change = found.at("2010-06", "2011-06", "twitter", "aware")
    assert change.std_error == pytest.approx((b - a).std(ddof=1) / 20)
    assert found.to_frame()["n_shared"].tolist() == [400]
    assert [str(note) for note in found.notes] == [
        "waves 2010-06 and 2011-06 share 400 respondents; the interval of their change takes it into account"
    ]


def test_a_rotating_panel_counts_only_those_who_are_in_both(compare, rng):
    (one, a), (_, b) = answers(rng, 300, 0.3), answers(rng, 300, 0.4)
    other = "id,q1\n" + "".join(f"p{i + 200},{code}\n" for i, code in enumerate(b))
    panel = {"panel": "A", "id": "id"}
    change = compare((one, panel), (other, panel)).at("2010-06", "2011-06", "twitter", "aware")
    moved = np.zeros(500)
    moved[200:] += (b - b.mean()) / 300
    moved[:300] -= (a - a.mean()) / 300
    assert change.std_error == pytest.approx(np.sqrt(500 / 499 * (moved**2).sum()))


def test_equal_identifiers_are_not_the_same_people_unless_a_panel_says_so(compare, rng):
    (one, _), (other, _) = answers(rng, 200, 0.3), answers(rng, 200, 0.5)
    found = compare((one, {"id": "id"}), (other, {"id": "id"}))
    assert found.to_frame()["n_shared"].tolist() == [0]
    assert found.notes == ()


def test_clusters_of_a_panel_link_their_respondents(compare, rng):
    rows = [(f"p{i}", i // 10, int(rng.random() < 0.3 + 0.4 * (i // 10 % 2))) for i in range(400)]
    text = "id,commune,q1\n" + "".join(f"{who},{where},{code}\n" for who, where, code in rows)
    panel = {"panel": "A", "id": "id", "cluster": "commune"}
    assert compare((text, panel), (text, panel)).at("2010-06", "2011-06", "twitter", "aware").std_error == 0


def test_refuses_a_panel_whose_respondents_move(compare):
    panel = {"panel": "A", "id": "id", "strata": "region"}
    one = "id,region,q1\na,N,1\nb,N,0\nc,S,1\nd,S,0\n"
    with pytest.raises(StudyError) as error:
        compare((one, panel), (one.replace("a,N", "a,S").replace("d,S", "d,N"), panel))
    assert str(error.value) == (
        "study.toml, panel 'A': 2 respondents change stratum or cluster between waves. "
        "Give each the values with which the respondent was drawn."
    )


def test_a_panel_weighted_to_known_totals_keeps_the_variance_of_its_weighting(compare, rng):
    waves = []
    for first in (0, 1000):
        rows = [(f"p{first + i}", "NS"[i % 2], int(rng.random() < 0.2 + 0.5 * (i % 2))) for i in range(200)]
        waves.append("id,region,q1\n" + "".join(f"{who},{where},{code}\n" for who, where, code in rows))
    apart = {"id": "id", "weighting": [{"kind": "poststratify", "margins": {"region": {"N": 600, "S": 400}}}]}
    joined, alone = (
        compare(*((text, spec) for text in waves)).at("2010-06", "2011-06", "twitter", "aware").std_error
        for spec in (apart | {"panel": "A"}, apart)
    )
    assert joined == pytest.approx(alone, rel=0.01)


def test_a_panel_needs_identifiers():
    with pytest.raises(ValueError, match="panel needs id"):
        Survey(wave="1", file="a.csv", panel="A")


def test_a_new_mode_breaks_the_series_and_is_said(compare, rng):
    waves = [answers(rng, 200, share)[0] for share in (0.2, 0.3, 0.4, 0.5)]
    modes = ["telephone", "online", "online", "online"]
    found = compare(*((text, {"mode": mode}) for text, mode in zip(waves, modes, strict=True)))
    assert found.to_frame()["comparable"].tolist() == [False, True, True]
    assert found.to_frame()["breaks"].tolist() == ["mode", "", ""]
    assert found.trends[["first", "last", "n_waves"]].values.tolist() == [["2011-06", "2013-06", 3]]
    assert [str(note) for note in found.notes] == [
        "waves 2010-06 and 2011-06 were not asked in the same way: part of their change is an effect of mode"
    ]


def test_a_longer_list_is_told_but_does_not_break_one_platform(compare, rng):
    waves = [answers(rng, 200, 0.4)[0] for _ in range(3)]
    found = compare(*((text, {"items_tested": n}) for text, n in zip(waves, (17, 32, 55), strict=True)))
    assert found.to_frame()["breaks"].tolist() == ["items_tested", "items_tested"]
    assert found.to_frame()["comparable"].all()
    assert len(found.trends) == 1


def test_only_the_wording_of_its_own_step_breaks_a_series():
    before, after = (
        Survey(wave="", file="", wording={"aware": "Heard of it?", "signup": words})
        for words in ("Account?", "Member?")
    )
    assert [found.step for found in breaks_between(before, after)] == ["signup"]
    assert breaks_between(before, after, steps=("aware",)) == ()


def test_a_list_of_unknown_length_cannot_be_compared():
    unknown, known = Survey(wave="", file=""), Survey(wave="", file="", items_tested=17)
    assert breaks_between(unknown, known) == ()
    assert [found.known for found in list_breaks(unknown, known)] == [False]
    assert list_breaks(known, known) == ()


@pytest.mark.parametrize("scale", ["logit", "share"])
def test_a_trend_is_the_line_of_generalised_least_squares(compare, rng, scale: str):
    waves = [answers(rng, n, share) for n, share in ((300, 0.2), (500, 0.3), (400, 0.35), (200, 0.5))]
    trend = compare(*((text, {}) for text, _ in waves), scale=scale).trends.iloc[0]
    p = np.array([said.mean() for _, said in waves])
    variance = np.array([said.var(ddof=1) / len(said) for _, said in waves])
    y = np.log(p / (1 - p)) if scale == "logit" else p
    sigma = np.diag(variance / (p * (1 - p)) ** 2 if scale == "logit" else variance)
    years = np.array([wave_fieldwork(Survey(wave=f"201{i}-06", file="")).year for i in range(4)])
    fitted = sm.GLS(y, sm.add_constant(years - years.mean()), sigma=sigma).fit(cov_type="fixed scale")
    assert trend["slope"] == pytest.approx(fitted.params[1])
    assert trend["std_error"] == pytest.approx(fitted.bse[1])
    assert trend["F"] == pytest.approx(fitted.tvalues[1] ** 2)
    assert trend["departure_F"] == pytest.approx((fitted.wresid**2).sum() / 2)
    assert trend["unit"] == "year"


def test_a_share_of_all_has_no_trend_on_the_logit(compare, rng):
    waves = [answers(rng, 50, share)[0] for share in (0.5, 0.6, 1.1)]
    assert len(compare(*((text, {}) for text in waves)).trends) == 0
    assert len(compare(*((text, {}) for text in waves), scale="share").trends) == 0


@pytest.mark.parametrize(
    ("date", "wave", "year"),
    [
        ("2009-06-03/2009-06-04", "", 2009 + 154 / 365),
        ("2009-06-03/04", "", 2009 + 154 / 365),
        ("2009-07", "", 2009 + 196.5 / 365),
        ("", "2009-01-01", 2009 + 0.5 / 365),
        ("2013-autumn", "W8", 2013 + (264 + 355) / 2 / 365),
        ("autumn", "W8", None),
    ],
)
def test_fieldwork_is_placed_at_its_middle(date: str, wave: str, year: float | None):
    found = wave_fieldwork(Survey(wave=wave, file="", date=date))
    assert (found is None) == (year is None)
    assert found is None or found.year == pytest.approx(year)


def test_one_wave_dated_by_a_season_leaves_the_trend_in_years(compare, rng):
    waves = [answers(rng, 200, 0.2 + 0.1 * i)[0] for i in range(4)]
    dates = ("2010-10", "2011-10", "2012-10", "2013-autumn")
    found = compare(
        *((text, {"wave": f"W{i}", "date": date}) for i, (text, date) in enumerate(zip(waves, dates, strict=True)))
    )
    assert found.trends["unit"].tolist() == ["year"]
    assert found.notes == ()


def test_one_wave_whose_date_cannot_be_read_is_named(compare, rng):
    waves = [answers(rng, 200, 0.2 + 0.1 * i)[0] for i in range(4)]
    dates = ("2010-10", "2011-10", "2012-10", "the other year")
    found = compare(
        *((text, {"wave": f"W{i}", "date": date}) for i, (text, date) in enumerate(zip(waves, dates, strict=True)))
    )
    assert found.trends["unit"].tolist() == ["wave"]
    assert [str(note) for note in found.notes] == [
        "when wave W3 was asked is not read from “the other year”: trends through it are told by wave, not by year"
    ]


def test_says_which_changes_there_are(compare, rng):
    waves = [answers(rng, 50, 0.5)[0] for _ in range(2)]
    with pytest.raises(SpecError) as error:
        compare(*((text, {}) for text in waves)).at("2010-06", "2011-06", "twiter", "aware")
    assert str(error.value) == "platform 'twiter': there is no such change. Did you mean 'twitter'?"


def test_doors_of_changes(compare, rng):
    waves = [answers(rng, 100, share)[0] for share in (0.2, 0.5)]
    found = compare(*((text, {"mode": mode}) for text, mode in zip(waves, ("postal", "online"), strict=True)))
    assert found.summary().startswith("twitter, aware, 2010-06 to 2011-06: +")
    assert found.summary().endswith(", break: mode")
    axes = Figure().subplots()
    assert found.plot(axes) is axes


def test_one_wave_has_no_change(compare, rng):
    found = compare((answers(rng, 100, 0.3)[0], {}))
    assert (len(found.to_frame()), len(found.trends), found.summary(), found.breaks) == (0, 0, "", {})
