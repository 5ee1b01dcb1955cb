from __future__ import annotations

import pytest

from reports.document.blocks import Block, Cell, Table
from reports.examples import open_example
from reports.sections.disclosure import item_label, write_disclosure
from reports.words.printer import open_printer
from surveys.study.schema import Study
from surveys.tables.disclosure import ITEMS, Disclosure, disclose


@pytest.fixture(scope="module")
def study() -> Study:
    return open_example("twitter_france")


@pytest.fixture(scope="module")
def disclosure(study: Study) -> Disclosure:
    return disclose(study)


def tables(blocks: list[Block]) -> dict[str, Table]:
    return {block.anchor: block for block in blocks if isinstance(block, Table)}


def plain(text: str | Cell) -> str:
    return (text if isinstance(text, str) else text.text).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_item_has_its_line(study, disclosure, language):
    printer = open_printer(language)
    table = tables(write_disclosure(study, disclosure, printer))["tab-disclosure"]
    assert [row[0] for row in table.rows] == [item_label(printer, name) for name in ITEMS]


def test_gaps_are_marked_and_nothing_is_made_up(study, disclosure):
    table = tables(write_disclosure(study, disclosure, open_printer("fr")))["tab-disclosure"]
    gaps = [row for row in table.rows if isinstance(row[1], Cell)]
    assert [plain(row[0]) for row in gaps] == [
        "Part des personnes sollicitées qui ont répondu",
        "Où consulter la notice complète",
    ]
    assert {(row[1].text, row[1].tone) for row in gaps} == {("Non précisé", "strong")}


def test_the_simulated_example_says_that_nobody_was_asked(study, disclosure):
    told = {
        row[0]: plain(row[1])
        for row in tables(write_disclosure(study, disclosure, open_printer("fr")))["tab-disclosure"].rows
    }
    assert told["Commanditaire"] == "Personne : ces enquêtes sont simulées pour servir d’exemple."
    assert told["Mode de collecte"].endswith("En ligne.")


def test_sizes_and_margins_are_those_of_the_data(study, disclosure):
    printer = open_printer("en")
    rows = tables(write_disclosure(study, disclosure, printer))["tab-disclosure-waves"].rows
    assert [plain(cell) for cell in rows[2]] == [
        "June 2009",
        "3 June 2009 – 4 June 2009",
        "1,015",
        "907",
        "± 3.7 points",
    ]
    margin = disclosure.of("precision")[2].values["half_width"]
    assert printer.ledger["disclosure.2009-06.margin"].value == margin


def test_missing_answers_are_shown_for_the_question_that_lacks_most(study, disclosure):
    rows = tables(write_disclosure(study, disclosure, open_printer("fr")))["tab-nonresponse"].rows
    assert [plain(cell) for cell in rows[2]] == ["juin 2009", "8", "Twitter, ont déjà eu un compte", "4,5 %", "311"]


def test_waves_that_say_nothing_are_named(study):
    surveys = list(study.survey)
    surveys[0] = surveys[0].model_copy(update={"universe": None, "population": None})
    partly = study.model_copy(update={"survey": tuple(surveys)})
    told = tables(write_disclosure(partly, disclose(partly), open_printer("en")))["tab-disclosure"].rows[2]
    assert plain(told[1]) == "Web users aged 18 and over. Not told for: October 2007."


TEXT = "w,q1,sex,place,N\n" + "".join(f"{1 + i % 3},{i % 2 + 1},{'FM'[i % 2]},{i % 5},40\n" for i in range(40))
RAKED = ({"kind": "rake", "margins": {"sex": {"F": 50, "M": 50}, "place": dict.fromkeys("01234", 20)}},)
TRIMMED = ({"kind": "poststratify", "margins": {"sex": {"F": 50, "M": 50}}}, {"kind": "trim", "upper": 30.0})


def row(study: Study, name: str, language: str = "en") -> str:
    printer = open_printer(language)
    table = tables(write_disclosure(study, disclose(study), printer))["tab-disclosure"]
    return next(plain(found[1]) for found in table.rows if found[0] == item_label(printer, name))


def made(tmp_path, population: bool = False, **survey) -> Study:
    (tmp_path / "survey.csv").write_text(TEXT)
    spec = {"wave": "2009-06", "file": "survey.csv", "platform": {"a": {"aware": {"item": "q1", "yes": [1]}}}}
    spec |= {"group": {"sex": {"item": "sex", "label": {"en": "Sex", "fr": "Sexe"}}}} | survey
    people = {
        "adults": {"size": 1000, "label": {"en": "adults of the town", "fr": "adultes de la ville"}, "source": "x"}
    }
    study = {"study": {"title": "A study", "as_of": "2009-06-30"}, "survey": [spec], "folder": tmp_path}
    return Study.model_validate(study | ({"population": people} if population else {}))


def test_weighting_says_where_the_weights_come_from(tmp_path):
    assert row(made(tmp_path), "weighting") == "Not weighted."
    assert row(made(tmp_path, strata="place"), "weighting") == "Not weighted, Strata: place."
    assert row(made(tmp_path, weighting=RAKED), "weighting") == "Raked to: Sex, place."
    assert row(made(tmp_path, weighting=RAKED), "weighting", "fr") == "Calage sur marges : Sexe, place."
    assert row(made(tmp_path, weighting=TRIMMED), "weighting") == "Post-stratified by: Sex, Weights trimmed."
    told = row(made(tmp_path, weight="w", weighting=RAKED), "weighting")
    assert told == "Weight: w, Raked to: Sex, place. How the weights were made is not told."


def test_the_population_is_told_by_the_universe_or_by_the_population_named(tmp_path):
    assert row(made(tmp_path), "population") == "Not told"
    assert row(made(tmp_path, universe="Adults"), "population") == "Adults."
    assert row(made(tmp_path, population=True), "population") == "Not told"
    named = made(tmp_path, population=True).model_copy()
    named = named.model_copy(update={"survey": (named.survey[0].model_copy(update={"population": "adults"}),)})
    assert row(named, "population") == "Adults of the town."
    assert row(named, "population", "fr") == "Adultes de la ville."


def test_files_of_surveys_without_a_platform_have_their_caveats_here(tmp_path):
    share = {"heard": {"item": "q1", "yes": [1]}}
    (tmp_path / "wave.csv").write_text("w;q1\n9999;1\n" + "1;2\n" * 99)
    study = made(tmp_path, platform={}, group={}, share=share, file="wave.csv", weight="w")
    table = tables(write_disclosure(study, disclose(study), open_printer("en")))["tab-disclosure-waves"]
    assert [plain(note) for note in table.notes] == [
        "Cells are separated by a semicolon.",
        "Weights are so uneven that 100 respondents tell as much as 1 of equal weight (Kish).",
    ]


def test_a_study_without_surveys_has_nothing_to_disclose(study):
    alone = study.model_copy(update={"survey": ()})
    assert write_disclosure(alone, disclose(alone), open_printer("en")) == []
