"""Words of the steps follow what was asked: who signed up, and of whom using and leaving are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.build.check import check_study
from reports.document.blocks import texts_of
from reports.results.progress import open_progress
from reports.results.study import STEPS_OF_RECIPE, StudyResults, compute_all
from reports.sections.adoption import write_adoption
from reports.sections.overview import write_overview
from reports.words.labels import Asked, asked_in, conversion_label, step_label
from reports.words.printer import open_printer
from surveys.study.breaks import breaks_between
from surveys.study.fields import Answer
from surveys.study.file import read_study
from surveys.study.schema import Platform

HEAD = '[study]\ntitle = "t"\nlanguage = ["en", "fr"]\nas_of = 2013-12-31\n'
AWARE = 'aware = { item = "heard", yes = [1] }\n'
SIGNUP = 'signup = { item = "joined", yes = [1]%s }\n'
LEFT = 'left = { item = "left", bands = { 1 = "<7 d", 2 = ">7 d" }, still = [9], not_asked = "missing" }\n'
ACTIVE = 'active = { item = "uses", yes = [1] }\n'


def write(folder: Path, *waves: str) -> Path:
    """Write a study of one platform, with the questions of each wave."""
    rng, n = np.random.default_rng(5), 200
    heard = rng.random(n) < 0.8
    joined = heard & (rng.random(n) < 0.5)
    rows = pd.DataFrame(
        {
            "heard": np.where(heard, 1, 2),
            "joined": np.where(joined, 1, 2),
            "uses": np.where(heard & (rng.random(n) < 0.4), 1, 2),
            "left": pd.Series(rng.choice([1, 2, 9], n)).where(joined).astype("Int64"),
        }
    )
    folder.mkdir(exist_ok=True)
    rows.to_csv(folder / "s.csv", index=False)
    surveys = "".join(
        f'[[survey]]\nwave = "{2012 + i}-01"\nfile = "s.csv"\n[survey.platform.service]\n{asked}'
        for i, asked in enumerate(waves)
    )
    (folder / "study.toml").write_text(HEAD + surveys, encoding="utf-8")
    return folder


def results(folder: Path) -> StudyResults:
    with open_progress("quiet", total=len(STEPS_OF_RECIPE)) as progress:
        return compute_all(StudyResults(read_study(folder)), progress)


def told(folder: Path, language: str = "en") -> str:
    found, printer = results(folder), open_printer(language)  # type: ignore[arg-type]
    blocks = [*write_overview(found, printer), *write_adoption(found, printer, {})]
    return " ".join(texts_of(tuple(blocks))).replace("\u00a0", " ")


def test_those_who_hold_an_account_now_cannot_be_asked_whether_they_left(tmp_path: Path):
    problems, _ = check_study(write(tmp_path / "s", AWARE + SIGNUP % ', means = "now"' + LEFT))
    assert [str(problem) for problem in problems] == [
        "study.toml, [[survey]] 1 ('2012-01'), platform: 'service': left is asked of those who hold an account now, "
        "and who have not left it; expected signup of those who ever had one, with means = 'ever'. Correct the value."
    ]


def test_check_asks_what_sign_up_means_only_where_leaving_is_asked(tmp_path: Path):
    problems, warnings = check_study(write(tmp_path / "a", AWARE + SIGNUP % "" + LEFT))
    assert not problems
    assert [line for line in warnings if "read as having ever had an account" in line]
    for text in (AWARE + SIGNUP % ', means = "ever"' + LEFT, AWARE + SIGNUP % "", AWARE + SIGNUP % "" + ACTIVE):
        problems, warnings = check_study(write(tmp_path / "b", text))
        assert not problems
        assert not [line for line in warnings if "ever" in line]


@pytest.mark.parametrize("means", ["", ', means = "ever"'])
def test_where_leaving_is_asked_people_have_ever_had_an_account(tmp_path: Path, means: str):
    text = told(write(tmp_path / "s", AWARE + SIGNUP % means + LEFT))
    assert "of the aware have ever had an account" in text
    assert "Have ever had an account" in text
    assert "hold an account" not in text
    french = told(tmp_path / "s", "fr")
    assert "Ont déjà eu un compte" in french
    assert "ont un compte" not in french


def test_where_nothing_else_is_said_people_hold_an_account(tmp_path: Path):
    text = told(write(tmp_path / "s", AWARE + SIGNUP % ""))
    assert "of the aware hold an account" in text
    assert "ever had" not in text


def test_without_a_question_on_accounts_using_is_of_the_aware(tmp_path: Path):
    text = told(write(tmp_path / "s", AWARE + ACTIVE))
    assert "use it, of those who have heard of it" in text
    assert "account" not in text
    assert "l’utilisent, parmi ceux qui connaissent" in told(tmp_path / "s", "fr")


def test_with_one_using_is_of_those_who_signed_up(tmp_path: Path):
    assert "use it, of those who have ever had an account" in told(
        write(tmp_path / "s", AWARE + SIGNUP % ', means = "ever"' + ACTIVE)
    )


def test_waves_that_ask_otherwise_are_told_apart_and_are_no_line(tmp_path: Path):
    study = read_study(
        write(tmp_path / "s", AWARE + SIGNUP % ', means = "now"', AWARE + SIGNUP % ', means = "ever"' + LEFT)
    )
    assert asked_in(study.survey, "service").means == "either"
    assert [(one.reason, one.before, one.after) for one in breaks_between(*study.survey)] == [("means", "now", "ever")]
    text = told(tmp_path / "s")
    assert "Have or have had an account" in text


def test_every_step_has_words_for_whatever_was_asked():
    for language in ("en", "fr"):
        printer = open_printer(language)  # type: ignore[arg-type]
        for means in ("now", "ever", "either"):
            for account in ("asked", "not asked", "either"):
                asked = Asked(means, account)  # type: ignore[arg-type]
                said = [step_label(printer, step, asked) for step in ("aware", "signup", "active", "lapsed")]
                said += [conversion_label(printer, step, asked) for step in ("signup", "active", "lapsed")]
                assert len(set(said)) == len(said)


def test_a_plain_answer_is_taken_for_sign_up():
    platform = Platform(signup=Answer(item="q", yes=(1,)))
    assert platform.signup is not None
    assert (platform.signup.means, platform.signup_means) == (None, "now")
