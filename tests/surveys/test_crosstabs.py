from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from reports.examples import open_example
from surveys.comparisons.groups import pairwise_differences
from surveys.core.errors import SpecError, StudyError
from surveys.data.groups import Levels
from surveys.design.design import Design
from surveys.estimates.means import proportion
from surveys.funnel.funnel import estimate_funnel
from surveys.samples.sample import read_sample
from surveys.study.schema import Crosstab, Study
from surveys.tables.banners import build_table, build_tables
from surveys.tables.crosstabs import BannerTable, tabulate


def ages(counts: dict[str, int]) -> tuple[Levels, int]:
    return Levels(tuple(counts), np.repeat(np.arange(len(counts)), list(counts.values()))), sum(counts.values())


def heard(*parts: tuple[int, int]) -> np.ndarray:
    """Give yes to so many of so many, group after group."""
    return np.concatenate([np.repeat([1.0, 0.0], [yes, n - yes]) for yes, n in parts])


def table_of(shares: tuple[tuple[int, int], ...], names: str = "abc", **options: Any) -> BannerTable:
    age, n = ages({name: size for name, (_, size) in zip(names, shares, strict=False)})
    return tabulate(Design.from_frame(pd.DataFrame(index=range(n))), {"heard": heard(*shares)}, {"age": age}, **options)


def test_a_letter_names_the_column_that_is_lower_and_a_capital_is_surer():
    table = table_of(((120, 200), (95, 200), (60, 200)))
    assert table.above[0].tolist() == ["", "bC", "C", ""]
    assert [column.letter for column in table.columns] == ["", "A", "B", "C"]


def test_letters_follow_the_probabilities_of_all_pairs(rng: np.random.Generator):
    frame = pd.DataFrame({"w": rng.uniform(1, 3, 600), "place": np.repeat(np.arange(60), 10)})
    levels = Levels(("a", "b", "c"), rng.integers(0, 3, 600))
    yes = (rng.random(600) < np.array([0.3, 0.4, 0.5])[levels.position]).astype(float)
    design = Design.from_frame(frame, weight="w", cluster="place")
    table = tabulate(design, {"yes": yes}, {"g": levels}, adjustment="fdr")
    pairs = pairwise_differences(proportion(design, yes, by=levels.labels()), adjustment="fdr").to_frame()
    letters = dict(zip("abc", "ABC", strict=True))
    expected = dict.fromkeys("abc", "")
    for pair in pairs.itertuples():
        high, low = (pair.first, pair.second) if pair.estimate > 0 else (pair.second, pair.first)
        if pair.p_adjusted < 0.05:
            expected[high] += letters[low] if pair.p_adjusted < 0.01 else letters[low].lower()
    assert table.above[0, 1:].tolist() == list(expected.values())


def test_small_bases_are_flagged_and_smaller_ones_suppressed():
    table = table_of(((120, 200), (30, 60), (0, 20)))
    assert table.flag[0].tolist() == ["", "", "*", "**"]
    assert table.n_effective[0].tolist() == [280, 200, 60, 20]
    assert table.to_grid().iloc[0].tolist() == ["54%", "60%", "50%*", "**"]
    assert table.at(0, 3) is None
    hidden = table.to_frame().set_index("level").loc["c"]
    assert hidden[["estimate", "std_error", "conf_low", "conf_high"]].isna().all()
    assert hidden["n"] == 20


def test_a_suppressed_column_neither_has_letters_nor_gives_any():
    shares = ((180, 200), (20, 200), (0, 20))
    assert table_of(shares).above[0].tolist() == ["", "B", "", ""]
    assert table_of(shares, suppressed=10).above[0].tolist() == ["", "BC", "", ""]


def test_nobody_out_of_twenty_is_not_surely_below_a_tenth():
    few, many = ((20, 200), (0, 20)), ((20, 200), (0, 2000))
    assert table_of(few, suppressed=10).above[0].tolist() == ["", "", ""]
    assert table_of(many).above[0].tolist() == ["", "B", ""]


def test_where_no_share_has_a_variance_the_effective_base_is_kish():
    age, n = ages({"a": 150, "b": 150})
    weights = np.where(np.arange(n) % 3 == 0, 10.0, 0.5)
    table = tabulate(
        Design.from_frame(pd.DataFrame({"w": weights}), weight="w"), {"y": heard((150, 300))}, {"age": age}
    )
    assert (table.n[0, 1], table.n_weighted[0, 1]) == (150, pytest.approx(550))
    assert table.n_effective[0, 1] == pytest.approx(550**2 / (50 * 100 + 100 * 0.25))
    assert table.by_kish.tolist() == [[False, True, True]]
    assert table.flag[0, 1] == "*"


def test_the_effective_base_is_that_of_the_design(rng: np.random.Generator):
    places = np.repeat(np.arange(40), 20)
    chance = rng.uniform(0.1, 0.9, 40)[places]
    frame = pd.DataFrame({"w": rng.uniform(1, 3, 800), "place": places})
    design = Design.from_frame(frame, weight="w", cluster="place")
    yes, sex = (rng.random(800) < chance).astype(float), Levels(("F", "M"), rng.integers(0, 2, 800))
    table = tabulate(design, {"yes": yes}, {"sex": sex})
    p, error = table.estimates.estimate, table.estimates.std_error
    n = table.n[0]
    effect = error**2 / (p * (1 - p) / (n - 1))
    assert effect[0] > 3
    np.testing.assert_allclose(table.n_effective[0], n / effect)
    assert (
        table.n_effective[0] < [design.n_effective(), *(design.n_effective(sex.position == i) for i in (0, 1))]
    ).all()


def test_rows_of_one_item_share_the_effective_base_of_their_shares_together(rng: np.random.Generator):
    places = np.repeat(np.arange(40), 10)
    design = Design.from_frame(pd.DataFrame({"place": places}), cluster="place")
    answer = rng.integers(0, 3, 40)[places] * (rng.random(400) < 0.7)
    rows = {str(code): (answer == code).astype(float) for code in range(3)}
    table = tabulate(design, rows, {"half": Levels(("a", "b"), np.arange(400) % 2)})
    p, error = (values.reshape(3, 3)[:, 0] for values in (table.estimates.estimate, table.estimates.std_error))
    effect = (error**2).sum() / (p * (1 - p) / 399).sum()
    np.testing.assert_allclose(table.n_effective[:, 0], [400 / effect] * 3)
    assert table.blocks == ((0, 3),)


def test_an_effective_base_is_never_more_than_the_respondents():
    strata = np.repeat([0, 1], 200)
    yes = (strata == 1).astype(float)
    yes[::40] = 1 - yes[::40]
    design = Design.from_frame(pd.DataFrame({"s": strata}), strata="s")
    table = tabulate(design, {"yes": yes}, {"half": Levels(("a", "b"), np.arange(400) % 2)})
    assert table.n_effective.tolist() == [[400, 200, 200]]


def test_columns_that_overlap_are_compared_by_their_covariance(rng: np.random.Generator):
    n = 500
    uses = pd.DataFrame({"phone": rng.random(n) < 0.9, "desk": rng.random(n) < 0.9})
    yes = (rng.random(n) < np.where(uses["phone"] & ~uses["desk"], 0.9, 0.4)).astype(float)
    table = tabulate(Design.from_frame(uses), {"yes": yes}, {"uses": uses})
    apart = np.sqrt(np.square(table.estimates.std_error[1:]).sum())
    together = table.estimates.contrast([0, 1, -1]).std_error
    assert together < apart / 2


def test_the_same_people_in_two_columns_are_never_different():
    both = pd.DataFrame({"one": [True] * 200, "two": [True] * 200})
    table = tabulate(Design.from_frame(both), {"yes": heard((90, 200))}, {"twice": both})
    assert table.above[0].tolist() == ["", "", ""]


def test_bases_are_of_those_who_answered():
    yes = heard((120, 200), (95, 200), (60, 200))
    yes[:180] = np.nan
    age, n = ages(dict.fromkeys("abc", 200))
    table = tabulate(Design.from_frame(pd.DataFrame(index=range(n))), {"heard": yes}, {"age": age})
    assert table.n.tolist() == [[420, 20, 200, 200]]
    assert (table.n_weighted.tolist(), table.n_effective.tolist()) == ([[420, 20, 200, 200]],) * 2
    assert table.flag[0].tolist() == ["", "**", "", ""]
    assert table.to_grid().iloc[:, 1].tolist() == ["**", "20", "20", "20**"]


def test_rows_of_other_people_print_their_own_bases():
    heard_of, used = np.tile([1.0, 1.0, 0.0, 0.0], 100), np.tile([1.0, 0.0, np.nan, np.nan], 100)
    half = Levels(("a", "b"), np.repeat([0, 1], 200))
    rows = {"heard": heard_of, "not": 1 - heard_of, "used": used}
    table = tabulate(Design.from_frame(pd.DataFrame(index=range(400))), rows, {"half": half})
    assert table.blocks == ((0, 2), (2, 3))
    assert table.n.tolist() == [[400, 200, 200], [400, 200, 200], [200, 100, 100]]
    assert table.to_grid().index.tolist() == [
        "heard", "not", "base", "weighted base", "effective base", "used", "base", "weighted base", "effective base",
    ]  # fmt: skip


def test_respondents_in_no_column_are_counted():
    sex = Levels(("F", "M"), np.tile([0, 1, -1], 100))
    heard_of = np.tile([1.0, 0.0, 1.0, 0.0, np.nan, np.nan], 50)
    table = tabulate(Design.from_frame(pd.DataFrame(index=range(300))), {"heard": heard_of}, {"sex": sex})
    assert [str(note) for note in table.notes] == ["respondents who stand in no column of “sex”: 50 of 200"]


def test_more_columns_than_letters_are_named_by_two():
    shares = tuple((100 if i else 10, 200) for i in range(28))
    table = table_of(shares, names="abcdefghijklmnopqrstuvwxyz12")
    assert [column.letter for column in table.columns][26:] == ["Z", "AA", "AB"]
    assert table.above[0, -1] == "A"


def test_the_steps_of_a_platform_are_those_of_the_funnel():
    study = open_example("twitter_france")
    (table,) = build_tables(study)
    funnel = estimate_funnel(study)
    assert table.wave == "2013-10"
    for i, row in enumerate(table.rows):
        step, _, measure = row.key.partition(".")
        for j, column in enumerate(table.columns):
            found = table.at(i, j)
            if found is not None:
                theirs = funnel.at(
                    table.wave, "twitter", step, measure or "cumulative", group=column.group, level=column.level
                )
                assert found.estimate == pytest.approx(theirs.estimate)
                assert found.conf_low == pytest.approx(theirs.conf_low)


ANSWERS = "w,q1,age,score,tv,web\n" + "\n".join(
    f"1,{1 + i % 2},{20 + i % 40},{1 + i % 5},{i % 2},{int(i % 3 == 0)}" for i in range(400)
)


def wave(make_study, text: str = ANSWERS, **survey: Any):
    group = {"age": {"item": "age", "bands": [18, 40]}}
    study: Study = make_study(text, group=group, **survey)
    return read_sample(study, study.survey[0])


def test_rows_are_codes_and_nets_of_them(make_study):
    net = ({"top": 2}, {"label": "Middle", "codes": [2, 3]}, {"bottom": 1, "label": "Worst"})
    spec = Crosstab(id="score", item="score", banner=("age",), net=net, levels={"5": "Very good"})
    table = build_table(wave(make_study), spec)
    assert [(row.key, row.label, row.kind) for row in table.rows] == [
        ("5", "Very good", "code"),
        ("1", "1", "code"),
        ("2", "2", "code"),
        ("3", "3", "code"),
        ("4", "4", "code"),
        ("net.1", {"en": "Top 2", "fr": "2 notes les plus hautes"}, "net"),
        ("net.2", "Middle", "net"),
        ("net.3", "Worst", "net"),
    ]
    everybody = table.estimates.estimate.reshape(8, 3)[:, 0]
    np.testing.assert_allclose(everybody, [0.2] * 5 + [0.4, 0.4, 0.2])
    np.testing.assert_allclose(table.estimates.covariance[15, 15], table.estimates.contrast({
        ("4", "", ""): 1, ("5", "", ""): 1}).std_error ** 2)  # fmt: skip


def test_choices_are_rows_that_add_up_to_more_than_everybody(make_study):
    spec = Crosstab(
        id="media", choices={"tv": "Television", "web": "Web"}, counted=(1,), banner=("age",),
        net=({"label": "Either", "codes": ["tv", "web"]},),
    )  # fmt: skip
    table = build_table(wave(make_study), spec)
    television, web, either = table.estimates.estimate.reshape(3, 3)[:, 0]
    assert (television, web) == (pytest.approx(0.5), pytest.approx(134 / 400))
    assert either == pytest.approx(np.mean([i % 2 or i % 3 == 0 for i in range(400)]))


def test_a_blank_cell_is_refused_until_the_study_says_what_it_means(make_study):
    text = ANSWERS.replace("1,1,20,1,0,1\n", "1,1,20,,0,1\n", 1)
    spec = Crosstab(id="score", item="score", banner=("age",))
    with pytest.raises(StudyError, match=r"1 of 400 cells are blank"):
        build_table(wave(make_study, text), spec)
    table = build_table(wave(make_study, text), spec.model_copy(update={"not_asked": "missing"}))
    assert table.to_frame()["n"][0] == 399


def coded(make_study, lines: list[str], **survey: Any):
    """Read a wave whose columns are weight, item, another item and sex."""
    study = make_study("w,q1,sat,sex\n" + "\n".join(lines), group={"sex": {"item": "sex"}}, **survey)
    return read_sample(study, study.survey[0])


SCALE = {"1": "Very good", "2": "Good", "3": "Poor", "4": "Very poor"}
SATISFIED = [f"1,{i % 2 + 1},{code},{'FM'[i % 2]}" for i, code in enumerate([1] * 50 + [2] * 44 + [3] * 5 + [4])]


def shares_of(table: BannerTable) -> dict[str, float]:
    return {row.key: float(table.estimates.estimate[i * len(table.columns)]) for i, row in enumerate(table.rows)}


def test_the_top_of_a_scale_is_where_its_levels_begin(make_study):
    spec = Crosstab(
        id="sat", item="sat", banner=("sex",), levels=SCALE, net=({"top": 2, "label": "Top 2"}, {"bottom": 2})
    )
    table = build_table(coded(make_study, SATISFIED), spec)
    assert shares_of(table)["net.1"] == pytest.approx(0.94)
    assert shares_of(table)["net.2"] == pytest.approx(0.06)
    assert [row.joined for row in table.rows[4:]] == [("Very good", "Good"), ("Poor", "Very poor")]
    turned = spec.model_copy(update={"levels": dict(reversed(SCALE.items()))})
    assert shares_of(build_table(coded(make_study, SATISFIED), turned))["net.1"] == pytest.approx(0.06)


def test_without_levels_the_top_is_where_the_labels_of_the_file_begin(make_study, tmp_path: Path):
    frame = pd.DataFrame(
        {"w": 1.0, "q1": 1.0, "sat": [1.0] * 50 + [2.0] * 44 + [3.0] * 5 + [4.0] + [9.0] * 20, "sex": 1.0}
    )
    labels = {float(code): label for code, label in SCALE.items()} | {9.0: "Refused"}
    pyreadstat.write_sav(
        frame, tmp_path / "survey.sav", variable_value_labels={"sat": labels}, missing_ranges={"sat": [9]}
    )
    study = make_study((tmp_path / "survey.sav").read_bytes(), file="survey.sav", group={"sex": {"item": "sex"}})
    table = build_table(
        read_sample(study, study.survey[0]),
        Crosstab(id="sat", item="sat", banner=("sex",), net=({"top": 2}, {"bottom": 1})),
    )
    assert (table.n[0, 0], table.rows[-1].joined) == (100, ("Very poor",))
    assert shares_of(table)["net.1"] == pytest.approx(0.94)


def test_without_labels_the_top_is_the_highest_number_that_is_an_answer(make_study):
    lines = [
        f"1,{i % 2 + 1},{code},{'FM'[i % 2]}" for i, code in enumerate([0] * 40 + [5] * 30 + [10] * 20 + [99] * 10)
    ]
    spec = Crosstab(id="sat", item="sat", banner=("sex",), missing=(99,), net=({"top": 1}, {"bottom": 1}))
    table = build_table(coded(make_study, lines), spec)
    assert [row.joined for row in table.rows[3:]] == [("10",), ("0",)]
    assert shares_of(table)["net.1"] == pytest.approx(20 / 90)


def test_a_top_whose_order_is_not_told_is_asked_about(make_study):
    spec = Crosstab(
        id="sat", item="sat", banner=("sex",), levels={"1": "Very good", "4": "Very poor"}, net=({"top": 2},)
    )
    with pytest.raises(StudyError) as refused:
        build_table(coded(make_study, SATISFIED), spec)
    assert str(refused.value) == (
        "study.toml, [[table]] 'sat': top and bottom need the order of all codes: 2, 3 not listed. "
        "List every code under levels, from the top, or name codes of the net."
    )


def test_a_net_of_a_missing_code_is_refused(make_study):
    net = ({"label": "Any", "codes": [1, 4]},)
    spec = Crosstab(id="sat", item="sat", banner=("sex",), missing=(4,), net=net)
    with pytest.raises(StudyError, match="a net names code 4, which means that there is no answer"):
        build_table(coded(make_study, SATISFIED), spec)


def test_a_net_of_a_code_that_is_nowhere_is_refused(make_study):
    net = ({"label": "Any", "codes": [1, 7]},)
    spec = Crosstab(id="sat", item="sat", banner=("sex",), net=net)
    with pytest.raises(StudyError) as refused:
        build_table(coded(make_study, SATISFIED), spec)
    assert str(refused.value) == (
        "study.toml, [[table]] 'sat': a net names code 7, which nobody gave and no label names. "
        "Correct it, or list it under levels; the codes are 1, 2, 3, 4."
    )


def test_codes_of_one_label_are_one_row(make_study):
    levels = SCALE | {"2": "Very good"}
    spec = Crosstab(id="sat", item="sat", banner=("sex",), levels=levels, net=({"top": 1},))
    table = build_table(coded(make_study, SATISFIED), spec)
    assert [(row.key, row.label) for row in table.rows[:3]] == [("1", "Very good"), ("3", "Poor"), ("4", "Very poor")]
    assert shares_of(table)["1"] == shares_of(table)["net.1"] == pytest.approx(0.94)


def test_bases_of_a_table_are_of_its_item(make_study):
    lines = [f"1,{i % 2 + 1},{i % 4 + 1 if i % 5 == 0 else ''},{'FM'[i % 2]}" for i in range(400)]
    spec = Crosstab(id="sat", item="sat", banner=("sex",), not_asked="missing", levels=SCALE)
    table = build_table(coded(make_study, lines), spec)
    assert table.n.tolist() == [[80, 40, 40]] * 4
    assert table.to_grid().loc["base"].tolist() == ["80", "40", "40"]


@pytest.mark.parametrize("said", ["NA", "Refused", "Don't know", "Sans réponse"])
def test_text_that_looks_like_no_answer_is_asked_about(make_study, said):
    lines = ["1,1,Good,F", "1,2,Poor,M"] * 20 + [f"1,1,{said},F"] * 5
    spec = Crosstab(id="sat", item="sat", banner=("sex",))
    with pytest.raises(StudyError) as refused:
        build_table(coded(make_study, lines), spec)
    assert str(refused.value) == (
        f"survey.csv, column 'sat': codes that look like no answer: '{said}'. "
        "List them under missing of study.toml, [[table]] 'sat', or under levels if they are answers."
    )
    table = build_table(coded(make_study, lines), spec.model_copy(update={"missing": (said,)}))
    assert (table.n[0, 0], len(table.rows)) == (40, 2)
    levels = {"Good": "Good", "Poor": "Poor", said: "No answer"}
    assert build_table(coded(make_study, lines), spec.model_copy(update={"levels": levels})).n[0, 0] == 45


def test_text_for_a_blank_follows_the_study_on_blanks(make_study):
    lines = ["1,1,Good,F", "1,2,Poor,M"] * 20 + ["1,1,NA,F"] * 5
    spec = Crosstab(id="sat", item="sat", banner=("sex",), not_asked="missing")
    assert build_table(coded(make_study, lines), spec).n.tolist() == [[40, 20, 20]] * 2
    assert (
        build_table(coded(make_study, lines), spec.model_copy(update={"not_asked": "no"})).n.tolist()
        == [[45, 25, 20]] * 2
    )


def test_codes_outside_of_the_levels_declared_are_refused(make_study):
    spec = Crosstab(id="sat", item="sat", banner=("sex",), levels=SCALE)
    with pytest.raises(StudyError, match=r"column 'sat': codes without a level: -1. List them under missing"):
        build_table(coded(make_study, [*SATISFIED, "1,1,-1,F"]), spec)


MEDIA = "w,q1,tv,web,sex\n"


def test_each_choice_has_the_base_of_those_who_were_asked_about_it(make_study):
    lines = [f"1,1,{i % 2},{i % 4 // 2 if i < 50 else ''},{'FM'[i % 2]}" for i in range(100)]
    study = make_study(MEDIA + "\n".join(lines), group={"sex": {"item": "sex"}})
    spec = Crosstab(
        id="media", choices={"tv": "Television", "web": "Web"}, banner=("sex",), not_asked="missing",
        net=({"label": "Either", "codes": ["tv", "web"]},),
    )  # fmt: skip
    table = build_table(read_sample(study, study.survey[0]), spec)
    assert table.n[:, 0].tolist() == [100, 50, 50]
    assert table.blocks == ((0, 1), (1, 3))
    assert shares_of(table)["web"] == pytest.approx(24 / 50)
    assert table.rows[2].joined == ("Television", "Web")


def test_ticks_of_a_question_have_the_base_of_those_who_ticked_any(make_study):
    lines = [f"1,1,{1 if i % 2 else ''},{1 if i % 4 == 0 else ''},F" for i in range(100)]
    study = make_study(MEDIA + "\n".join(lines), group={"sex": {"item": "sex"}})
    spec = Crosstab(id="m", choices={"tv": "Television", "web": "Web"}, banner=("sex",), not_asked="missing")
    table = build_table(read_sample(study, study.survey[0]), spec)
    assert table.n[:, 0].tolist() == [75, 75]
    asked = build_table(read_sample(study, study.survey[0]), spec.model_copy(update={"not_asked": "no"}))
    assert asked.n[:, 0].tolist() == [100, 100]


def test_respondents_without_a_level_are_counted_beside_the_table(make_study):
    lines = [f"1,{i % 2 + 1},1,{'FM '[i % 3]}" for i in range(300)]
    table = build_table(coded(make_study, lines), Crosstab(id="t", platform="twitter", banner=("sex",)))
    assert [str(note) for note in table.notes] == ["respondents who stand in no column of “sex”: 100 of 300"]


def declare_set(path: Path, line: str) -> None:
    """Write the declaration of a multiple-response set into a file of SPSS, before the end of its dictionary."""
    raw, end = path.read_bytes(), struct.pack("<ii", 999, 0)
    told = line.encode()
    assert raw.count(end) == 1
    path.write_bytes(raw.replace(end, struct.pack("<iiii", 7, 7, 1, len(told)) + told + end))


def test_a_set_that_the_file_declares_gives_its_choices(make_study, tmp_path: Path):
    frame = pd.read_csv(pd.io.common.StringIO(ANSWERS)).astype(float)
    pyreadstat.write_sav(
        frame, tmp_path / "survey.sav", column_labels={"tv": "Television", "web": "The web"}, compress=False
    )
    declare_set(tmp_path / "survey.sav", "$media=D1 1 5 Media tv web\n")
    raw = (tmp_path / "survey.sav").read_bytes()
    sample = wave(make_study, raw, file="survey.sav")
    table = build_table(sample, Crosstab(id="media", set="media", banner=("age",)))
    assert [row.label for row in table.rows] == ["Television", "The web"]
    assert table.estimates.estimate[0] == pytest.approx(0.5)
    with pytest.raises(StudyError, match="Did you mean 'media'"):
        build_table(sample, Crosstab(id="media", set="medai", banner=("age",)))


def test_a_table_that_names_what_is_not_there_is_told_everything():
    study = open_example("twitter_france")
    tables = (
        Crosstab(id="one", platform="twiter", banner=("age",)),
        Crosstab(id="two", platform="twitter", banner=("agge", "sex"), wave="2013-10"),
        Crosstab(id="three", platform="twitter", banner=("age",), wave="2013-11"),
    )
    with pytest.raises(StudyError) as refused:
        build_tables(study.model_copy(update={"table": tables}))
    assert str(refused.value).splitlines() == [
        "study.toml, [[table]] 'one': no survey has platform 'twiter'. Did you mean 'twitter'?",
        "study.toml, [[table]] 'two': no survey has group 'agge'. Did you mean 'age'?",
        "study.toml, [[table]] 'three': no survey has wave '2013-11'. Did you mean '2013-10'?",
    ]


def test_a_table_has_one_kind_of_row():
    with pytest.raises(ValueError, match="expected rows"):
        Crosstab(id="x", item="a", platform="b", banner=("age",))
    with pytest.raises(ValueError, match="top and bottom are of the codes"):
        Crosstab(id="x", choices={"a": "A"}, banner=("age",), net=({"top": 2},))


def test_a_table_without_rows_is_refused():
    with pytest.raises(SpecError, match="has no row or no group"):
        tabulate(Design.from_frame(pd.DataFrame(index=range(9))), {}, {})


@pytest.mark.slow
def test_where_nothing_differs_letters_appear_as_seldom_as_they_say(rng: np.random.Generator):
    lettered = []
    for _ in range(400):
        chance = np.clip(rng.normal(0.3, 0.12, 60), 0.02, 0.98).repeat(10)
        frame = pd.DataFrame({"w": rng.uniform(1, 4, 600), "place": np.repeat(np.arange(60), 10)})
        levels = Levels(("a", "b", "c", "d"), rng.integers(0, 4, 600))
        design = Design.from_frame(frame, weight="w", cluster="place")
        table = tabulate(design, {"yes": (rng.random(600) < chance).astype(float)}, {"g": levels})
        lettered.append("".join(table.above[0]))
    assert np.mean([bool(letters) for letters in lettered]) == pytest.approx(0.05, abs=0.03)
    assert np.mean([letters != letters.lower() for letters in lettered]) == pytest.approx(0.01, abs=0.015)
