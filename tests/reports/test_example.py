"""The bundled example: its files are what its maker makes, and its study file is a study."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest

from reports.build.manifest import input_files
from reports.examples.twitter_france import make
from surveys.study.schema import Study

HERE = make.HERE
EVENTS = [f"events/{year}.parquet" for year in range(2009, 2014)]
FILES = [wave.file for wave in make.WAVES] + [*EVENTS, "following.parquet", "truth.csv"]


def read_content(path: Path) -> tuple[pd.DataFrame, object]:
    """Give the table in a file and whatever describes its codes."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        return table.to_pandas(), table.schema
    if path.suffix == ".csv":
        return pd.read_csv(path, sep=None, engine="python", dtype=str, keep_default_na=False), None
    read = pyreadstat.read_dta if path.suffix == ".dta" else pyreadstat.read_sav
    frame, about = read(path, user_missing=True)
    return frame, (about.column_names_to_labels, about.variable_value_labels, about.missing_ranges)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("twitter_france")
    make.make(folder)
    return folder


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.model_validate({"folder": HERE} | tomllib.loads((HERE / "study.toml").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_what_its_maker_makes(made: Path, name: str) -> None:
    frame, about = read_content(HERE / name)
    again, about_again = read_content(made / name)
    pd.testing.assert_frame_equal(frame, again)
    assert about == about_again


def test_the_maker_writes_no_other_file(made: Path) -> None:
    assert {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()} == set(FILES)


def test_the_maker_writes_the_same_bytes_again(made: Path, tmp_path: Path) -> None:
    make.make(tmp_path)
    assert {name: (made / name).read_bytes() for name in FILES} == {
        name: (tmp_path / name).read_bytes() for name in FILES
    }


def test_the_log_is_small() -> None:
    assert sum((HERE / name).stat().st_size for name in EVENTS) < 1_500_000


def test_the_example_is_small() -> None:
    assert sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file()) < 3_000_000


def test_the_planted_shares_are_the_published_ones() -> None:
    shares = make.published_shares()
    twitter = {
        wave.name: [shares.get((wave.ifop, "twitter", step)) for step in ("aware", "signup")] for wave in make.WAVES
    }
    assert twitter == {
        "2007-10": [0.02, None],
        "2008-10": [0.04, None],
        "2009-06": [0.28, 0.02],
        "2009-11": [0.63, 0.05],
        "2010-09": [0.80, 0.07],
        "2011-10": [0.85, 0.08],
        "2012-10": [0.89, 0.12],
        "2013-10": [0.94, 0.17],
    }


def test_the_study_names_every_file_and_says_what_is_simulated(study: Study) -> None:
    assert [wave.file for wave in study.survey] == [wave.file for wave in make.WAVES]
    assert [wave.wave for wave in study.survey] == [wave.name for wave in make.WAVES]
    assert all(wave.simulated and wave.sampling == "quota" for wave in study.survey)
    assert study.usage is not None
    assert study.usage.simulated
    assert study.published is not None
    assert study.published.wave == {wave.name: wave.ifop for wave in make.WAVES}
    assert study.published.platform == make.NAMES


def test_the_study_asks_for_the_steps_that_were_planted(study: Study) -> None:
    truth = pd.read_csv(HERE / "truth.csv").query("source == 'survey' and measure in ('aware', 'signup')")
    planted = set(truth[["wave", "platform", "measure"]].itertuples(index=False, name=None))
    asked = {
        (wave.wave, name, step)
        for wave in study.survey
        for name, platform in wave.platform.items()
        for step in platform.steps()
    }
    assert asked == planted
    assert {wave.wave for wave in study.survey if wave.platform["twitter"].left} == {"2011-10", "2012-10", "2013-10"}


def test_every_item_of_the_study_is_a_column_of_its_file(study: Study) -> None:
    for wave in study.survey:
        columns = set(read_content(HERE / wave.file)[0].columns) if wave.delimiter != ";" else french_columns(wave.file)
        items = {answer.item for platform in wave.platform.values() for answer in platform.steps().values()}
        items |= {platform.left.item for platform in wave.platform.values() if platform.left}
        items |= {group.item for group in wave.group.values()}
        assert items | {wave.weight, wave.strata, wave.cluster, wave.id} == columns


def french_columns(file: str) -> set[str]:
    return set((HERE / file).read_text(encoding="utf-8").splitlines()[0].split(";"))


def test_the_shares_in_the_files_scatter_around_the_planted_ones() -> None:
    """Weighted by hand; a standard error that allows for clusters and weights by a design effect of 1.5."""
    truth = pd.read_csv(HERE / "truth.csv").query("measure in ('aware', 'signup')").set_index("wave")
    distances = []
    for wave in make.WAVES:
        frame = make.simulate_wave(wave).frame
        for platform, measure, planted in truth.loc[[wave.name], ["platform", "measure", "value"]].to_numpy():
            answers = frame[f"{platform}_{measure}"]
            known = ~answers.isin([8, 9])
            share = np.average(answers[known] == 1, weights=frame["weight"][known])
            distances.append((share - planted) / np.sqrt(1.5 * planted * (1 - planted) / known.sum()))
    assert len(distances) == len(truth)
    assert np.mean(np.abs(distances) < 1.96) > 0.85
    assert np.max(np.abs(distances)) < 3.5


def test_dropout_by_thirty_days_of_silence_comes_close_to_the_recount() -> None:
    """Kaplan-Meier by hand: those seen in the last 30 days are censored when those days begin."""
    seen = make.simulate_log().events.groupby("account")["time"].agg(["min", "max"])
    limit = pd.Timestamp(make.WINDOW_END) - timedelta(days=30)
    seen = seen[seen["min"] < limit]
    gone = (seen["max"] < limit).to_numpy()
    last = seen["max"].where(seen["max"] < limit, limit)
    tenure = (last - seen["min"]).dt.total_seconds().to_numpy() / 86_400
    times = np.unique(tenure[gone])
    at_risk = len(tenure) - np.searchsorted(np.sort(tenure), times)
    events = np.searchsorted(np.sort(tenure[gone]), times, side="right")
    survival = np.cumprod(1 - np.diff(events, prepend=0) / at_risk)
    truth = pd.read_csv(HERE / "truth.csv").query("source == 'usage' and measure == 'dropout'")
    estimated = [1 - survival[np.searchsorted(times, day, side="right") - 1] for day in truth["time_days"]]
    assert estimated == pytest.approx(truth["value"].tolist(), abs=0.02)


def test_a_report_is_made_from_every_file_of_the_example(study: Study) -> None:
    named = {path.relative_to(HERE).as_posix() for path in input_files(study)}
    assert named == {*FILES, "study.toml", "published_figures.csv"}


def truth_of_network(measure: str, how: str) -> float:
    truth = pd.read_csv(HERE / "truth.csv").query("source == 'usage' and measure == @measure and how == @how")
    return float(truth["value"].item())


def test_the_file_of_numbers_followed_has_every_account_of_the_log_and_those_that_never_wrote(study: Study) -> None:
    assert study.usage is not None
    assert study.usage.following is not None
    followed = pd.read_parquet(HERE / study.usage.following.file)
    wrote = set(pd.concat(pd.read_parquet(HERE / name, columns=["account"]) for name in EVENTS)["account"])
    assert wrote < set(followed[str(study.usage.following.account)])
    assert 1 - len(wrote) / len(followed) == pytest.approx(truth_of_network("never_posted", "recounted"), abs=1e-6)


def test_those_who_follow_few_and_many_are_gone_as_the_readme_says() -> None:
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    few, many, answers, mutual, top = (
        round(100 * truth_of_network(measure, how))
        for measure, how in (
            ("following_few", "expected"),
            ("following_many", "expected"),
            ("dialogue", "recounted"),
            ("mutual", "recounted"),
            ("top20_active", "recounted"),
        )
    )
    said = " ".join(readme.split())
    assert f"{few} % of those that follow at most 20 are gone within 30 days, {many} %" in said
    assert f"So {answers} % of all messages answer one received, and in {mutual} % of the pairs" in said
    assert f"a fifth of those who ever wrote send {top} % of the messages" in said
