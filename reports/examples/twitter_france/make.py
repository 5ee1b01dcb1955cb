"""
Make the simulated files of this study again, always the same: `python -m reports.examples.twitter_france.make`.

The shares planted in each wave are the published ones, read from `published_figures.csv`.
"""

from __future__ import annotations

import csv
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat

from churn.network.planted.concentration import count_concentration, expect_concentration
from churn.network.planted.following import SimulatedFollowing, simulate_following
from churn.network.planted.messages import SimulatedMessages, simulate_messages
from churn.simulation.study import (
    PlantedPlatform,
    SamplingPlan,
    SimulatedLog,
    SimulatedSurvey,
    holders_under,
    simulate_events,
    simulate_survey,
)

HERE = Path(__file__).parent
PUBLISHED = "published_figures.csv"
WINDOW_END = datetime(2013, 12, 31, 23, tzinfo=UTC)  # midnight in Paris
N_ACCOUNTS = 4000
LOG_SEED = 2013
FOLLOWING_SEED = 2014
MESSAGES_SEED = 2015
POPULATION_SEED = 2016
WITHIN_DAYS = 30
YOUNG = 35
DIGITS = 6

NAMES = {"twitter": "Twitter", "facebook": "Facebook", "copains_davant": "Copains d'avant", "myspace": "MySpace"}
EFFECTS = {
    "twitter": {"aware_by_age": -0.6, "signup_by_age": -1.3, "signup_of_women": -0.2},
    "facebook": {"aware_by_age": -0.5, "signup_by_age": -1.4, "signup_of_women": 0.2},
    "copains_davant": {"aware_by_age": 0.0, "signup_by_age": 0.3, "signup_of_women": 0.2},
    "myspace": {"aware_by_age": -0.7, "signup_by_age": -1.2, "signup_of_women": 0.0},
}
REGIONS = (
    "Île-de-France",
    "Bassin parisien",
    "Nord",
    "Est",
    "Ouest",
    "Sud-Ouest",
    "Centre-Est",
    "Méditerranée",
)
COLUMNS = {
    "respondent": "id",
    "region": "region",
    "cluster": "commune",
    "sex": "sexe",
    "age": "age",
    "weight": "poids",
    "aware": "q1",
    "signup": "q2",
    "left": "q3",
}
COLUMN_LABELS = {
    "id": "Numéro du répondant",
    "region": "Région de résidence (ZEAT)",
    "commune": "Commune (point d’enquête)",
    "sexe": "Sexe",
    "age": "Âge en années révolues",
    "poids": "Poids de redressement (moyenne 1)",
}
QUESTIONS = {
    "q1": "Connaissez-vous {}, ne serait-ce que de nom\u202f?",
    "q2": "Avez-vous un compte sur {}\u202f?",
    "q3": "Combien de temps après l’inscription avez-vous quitté {}\u202f?",
}
YES_NO = {1: "Oui", 2: "Non", 8: "Ne sait pas", 9: "Sans réponse"}
LEFT = {
    1: "Moins de 7 jours",
    2: "De 7 à 30 jours",
    3: "Plus de 30 jours",
    8: "Ne se souvient pas",
    9: "Ne l’a pas quitté",
}
CODES = {"q1": YES_NO, "q2": YES_NO, "q3": LEFT}
MISSING = {"q1": [8, 9], "q2": [8, 9], "q3": [8]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One wave: its name here and in the publisher's series, its size, its file, and the ages of web users then."""

    name: str
    ifop: str
    n: int
    file: str
    ages: tuple[float, ...]
    left: tuple[float, float, float] | None = None


WAVES = (
    Wave(name="2007-10", ifop="W1", n=1000, file="surveys/2007-10.csv", ages=(0.19, 0.25, 0.32, 0.19, 0.05)),
    Wave(name="2008-10", ifop="W2", n=3046, file="surveys/2008-10.csv", ages=(0.18, 0.24, 0.32, 0.20, 0.06)),
    Wave(name="2009-06", ifop="W3", n=1015, file="surveys/2009-06.sav", ages=(0.17, 0.23, 0.32, 0.21, 0.07)),
    Wave(name="2009-11", ifop="W4", n=1002, file="surveys/2009-11.csv", ages=(0.16, 0.22, 0.32, 0.22, 0.08)),
    Wave(name="2010-09", ifop="W5", n=2015, file="surveys/2010-09.dta", ages=(0.15, 0.21, 0.31, 0.23, 0.10)),
    Wave(
        name="2011-10",
        ifop="W6",
        n=2080,
        file="surveys/2011-10.zsav",
        ages=(0.15, 0.20, 0.31, 0.23, 0.11),
        left=(0.24, 0.12, 0.16),
    ),
    Wave(
        name="2012-10",
        ifop="W7",
        n=2005,
        file="surveys/2012-10.csv",
        ages=(0.14, 0.19, 0.30, 0.24, 0.13),
        left=(0.24, 0.12, 0.17),
    ),
    Wave(
        name="2013-10",
        ifop="W8",
        n=1000,
        file="surveys/2013-10.zsav",
        ages=(0.14, 0.18, 0.29, 0.25, 0.14),
        left=(0.24, 0.12, 0.185),
    ),
)


def make(folder: Path = HERE) -> None:
    """
    Write every simulated file of the study.

    Parameters
    ----------
    folder : Path, optional
        Where to write; `published_figures.csv` is always read from beside this module.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     make(Path(folder))
    ...     sorted(path.name for path in (Path(folder) / "events").iterdir())
    ['2009.parquet', '2010.parquet', '2011.parquet', '2012.parquet', '2013.parquet']
    """
    waves = {wave: simulate_wave(wave) for wave in WAVES}
    log = simulate_log()
    messages = simulate_messages(log.events, seed=MESSAGES_SEED)
    following = simulate_following(log, seed=FOLLOWING_SEED, within_days=WITHIN_DAYS)
    for wave, survey in waves.items():
        write_wave(respondents(survey), folder / wave.file)
    write_events(messages.events, folder / "events")
    write_following(following.accounts, folder / "following.parquet")
    surveys = survey_truth({wave.name: survey for wave, survey in waves.items()})
    truth = pd.concat([surveys, usage_truth(log), network_truth(messages, following)])
    truth.to_csv(folder / "truth.csv", index=False, lineterminator="\n")


def published_shares(path: Path = HERE / PUBLISHED) -> dict[tuple[str, str, str], float]:
    """
    Read the publisher's shares of all web users, by wave, platform and measure.

    Examples
    --------
    >>> published_shares()["W3", "twitter", "aware"]
    0.28
    """
    platforms = {entity: name for name, entity in NAMES.items()}
    shares = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            ours = row["country"] == "FR" and row["publisher"].startswith("Ifop") and row["wave"]
            whole = not row["subgroup"] and row["confidence"] != "low"
            measure = {"awareness": "aware", "membership": "signup"}.get(row["measure"])
            if ours and whole and measure and row["entity"] in platforms:
                shares[row["wave"], platforms[row["entity"]], measure] = round(float(row["value"]) / 100, DIGITS)
    return shares


def simulate_wave(wave: Wave) -> SimulatedSurvey:
    """
    Draw one wave; its seed is its date.

    Examples
    --------
    >>> simulate_wave(WAVES[0]).truth[["platform", "measure", "value"]]
       platform measure  value
    0   twitter   aware   0.02
    1  facebook   aware   0.38
    2   myspace   aware   0.54
    """
    seed = int(wave.name.replace("-", ""))
    return simulate_survey(planted_platforms(wave), n=wave.n, seed=seed, plan=SamplingPlan(age_shares=wave.ages))


def planted_platforms(wave: Wave) -> dict[str, PlantedPlatform]:
    """
    Give what is planted in a wave: the published shares, where there are any.

    Examples
    --------
    >>> planted_platforms(WAVES[0])["twitter"].aware
    0.02
    """
    shares = published_shares()
    return {
        name: PlantedPlatform(
            aware=shares.get((wave.ifop, name, "aware")),
            signup=shares.get((wave.ifop, name, "signup")),
            left=wave.left if name == "twitter" else None,
            **EFFECTS[name],
        )
        for name in NAMES
        if {(wave.ifop, name, "aware"), (wave.ifop, name, "signup")} & shares.keys()
    }


def simulate_log() -> SimulatedLog:
    """
    Draw the usage log.

    Examples
    --------
    >>> simulate_log().events["account"].nunique()
    4000
    """
    return simulate_events(n_accounts=N_ACCOUNTS, seed=LOG_SEED, end=WINDOW_END)


def respondents(survey: SimulatedSurvey) -> pd.DataFrame:
    """
    Name the columns as the questionnaire does, and keep four decimals of the weights.

    Examples
    --------
    >>> respondents(simulate_wave(WAVES[0])).columns.tolist()
    ['id', 'region', 'commune', 'sexe', 'age', 'poids', 'q1_twitter', 'q1_facebook', 'q1_myspace']
    """
    names = {}
    for column in survey.frame.columns:
        platform, _, step = column.rpartition("_")
        names[column] = f"{COLUMNS[step]}_{platform}" if platform else COLUMNS[column]
    frame = survey.frame.rename(columns=names)
    return frame.assign(poids=frame["poids"].round(4))


def write_wave(frame: pd.DataFrame, path: Path) -> None:
    """
    Write microdata in the format that the name of the file asks for.

    Examples
    --------
    >>> import tempfile
    >>> frame = respondents(simulate_wave(WAVES[0]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_wave(frame, Path(folder) / "wave.csv")
    ...     len(pd.read_csv(f"{folder}/wave.csv"))
    1000
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    labels: Any = {column: _label(column) for column in frame.columns}
    codes: Any = {"region": dict(enumerate(REGIONS, start=1)), "sexe": {1: "Homme", 2: "Femme"}}
    codes |= {column: CODES[column[:2]] for column in frame.columns if column[:2] in CODES}
    if path.suffix == ".csv":
        french = path.stem == "2008-10"
        answers = frame.astype({column: "Int64" for column in frame.columns if column != "poids"})
        separator, decimal = (";", ",") if french else (",", ".")
        answers.to_csv(path, index=False, sep=separator, decimal=decimal, lineterminator="\n", encoding="utf-8")
    elif path.suffix == ".dta":
        pyreadstat.write_dta(
            frame, path, file_label=f"Vague {path.stem}, simulée", column_labels=labels, variable_value_labels=codes
        )
        _settle(path, rb"<timestamp>\x11.{17}", b"<timestamp>\x1131 Dec 2013 00:00")
    else:
        missing: Any = {column: MISSING[column[:2]] for column in frame.columns if column[:2] in MISSING}
        pyreadstat.write_sav(
            frame,
            path,
            file_label=f"Vague {path.stem}, simulée",
            column_labels=labels,
            compress=path.suffix == ".zsav",
            row_compress=path.suffix == ".sav",
            variable_value_labels=codes,
            missing_ranges=missing,
            variable_measure=dict.fromkeys(codes, "nominal") | {"age": "scale", "poids": "scale"},
            variable_format={column: "F8.4" if column == "poids" else "F5.0" for column in frame.columns},
        )
        _settle(path, rb"(?s)\A(.{92}).{17}", rb"\g<1>31 Dec 1300:00:00")


def write_events(events: pd.DataFrame, folder: Path) -> None:
    """
    Write the log, one Parquet file for each year in UTC.

    Examples
    --------
    >>> import tempfile
    >>> events = pd.DataFrame({"account": ["a", "b"], "time": pd.to_datetime(["2012-05-01", "2013-01-01"], utc=True)})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_events(events.assign(recipient=[None, "a"]), Path(folder))
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['2012.parquet', '2013.parquet']
    """
    folder.mkdir(parents=True, exist_ok=True)
    moment = pa.timestamp("us", tz="UTC")
    schema = pa.schema([("account", pa.string()), ("time", moment), ("recipient", pa.string())])
    for year, rows in events.groupby(events["time"].dt.year):
        table = pa.Table.from_pandas(rows, schema=schema, preserve_index=False).replace_schema_metadata(None)
        pq.write_table(
            table,
            folder / f"{year}.parquet",
            compression="zstd",
            compression_level=15,
            use_dictionary=["account", "recipient"],
            column_encoding={"time": "DELTA_BINARY_PACKED"},
        )


def write_following(accounts: pd.DataFrame, path: Path) -> None:
    """
    Write how many accounts each account follows.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_following(pd.DataFrame({"account": ["a", "b"], "followed": [0, 12]}), Path(folder) / "f.parquet")
    ...     pd.read_parquet(f"{folder}/f.parquet")["followed"].tolist()
    [0, 12]
    """
    schema = pa.schema([("account", pa.string()), ("followed", pa.int32())])
    table = pa.Table.from_pandas(accounts, schema=schema, preserve_index=False).replace_schema_metadata(None)
    encoding = {"account": "DELTA_BYTE_ARRAY"}
    pq.write_table(
        table, path, compression="zstd", compression_level=15, use_dictionary=["followed"], column_encoding=encoding
    )


def survey_truth(waves: dict[str, SimulatedSurvey]) -> pd.DataFrame:
    """
    Lay out what was planted in the surveys.

    Parameters
    ----------
    waves : dict of str to SimulatedSurvey
        Waves by name.

    Returns
    -------
    DataFrame
        `source` (survey), `wave`, `platform`, `measure`, `time_days`, `value` (a share), `how` (planted).

    Examples
    --------
    >>> survey_truth({"2007-10": simulate_wave(WAVES[0])})["value"].tolist()
    [0.02, 0.38, 0.54]
    """
    rows = [survey.truth.assign(wave=name) for name, survey in waves.items()]
    last = WAVES[-1]
    if last.name in waves:
        young = holders_under(YOUNG, planted_platforms(last)["twitter"], SamplingPlan(age_shares=last.ages))
        row = {"wave": last.name, "platform": "twitter", "measure": f"holders_under_{YOUNG}", "value": young}
        rows.append(pd.DataFrame([row]).assign(time_days=np.nan))
    return _truth_rows(pd.concat(rows).assign(source="survey", how="planted"))


def usage_truth(log: SimulatedLog) -> pd.DataFrame:
    """
    Lay out how many accounts were gone when.

    Parameters
    ----------
    log : SimulatedLog
        The usage log.

    Returns
    -------
    DataFrame
        Columns as `survey_truth` gives them; `source` is usage, `how` recounted or expected.

    Examples
    --------
    >>> usage_truth(simulate_log()).groupby("how").size().to_dict()
    {'expected': 5, 'recounted': 5}
    """
    rows = [
        pd.DataFrame({"measure": measure, "time_days": log.truth["time_days"], "value": log.truth[measure], "how": how})
        for measure, how in (("dropout", "recounted"), ("expected_dropout", "expected"))
    ]
    return _truth_rows(pd.concat(rows).assign(source="usage", wave="", platform="twitter"))


def network_truth(messages: SimulatedMessages, following: SimulatedFollowing) -> pd.DataFrame:
    """
    Lay out what is true of messages and of numbers followed.

    Parameters
    ----------
    messages : SimulatedMessages
        The log with recipients.
    following : SimulatedFollowing
        Numbers followed, by all accounts.

    Returns
    -------
    DataFrame
        Columns as `survey_truth` gives them; `source` is usage, `how` planted, expected or recounted;
        `value` is a share, a Gini coefficient or, for `following_ratio`, a ratio of shares.

    Examples
    --------
    >>> log = simulate_log()
    >>> messages = simulate_messages(log.events.head(2000), seed=MESSAGES_SEED)
    >>> truth = network_truth(messages, simulate_following(log, seed=FOLLOWING_SEED))
    >>> truth.loc[truth["how"] == "planted", ["measure", "value"]].values.tolist()
    [['addressed', 0.38], ['never_posted', 0.27]]
    """
    n_silent = len(following.accounts) - messages.events["account"].nunique()
    rows = pd.concat(
        [
            messages.truth,
            following.truth,
            expect_concentration(seed=POPULATION_SEED, end=WINDOW_END),
            count_concentration(messages.events, n_silent=n_silent),
        ]
    )
    days = np.where(rows["measure"].str.startswith("following_"), WITHIN_DAYS, np.nan)
    return _truth_rows(rows.assign(source="usage", wave="", platform="twitter", time_days=days))


def _truth_rows(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows[["source", "wave", "platform", "measure", "time_days", "value", "how"]].reset_index(drop=True)
    return rows.assign(value=rows["value"].round(DIGITS), time_days=rows["time_days"].astype("Int64"))


def _label(column: str) -> str:
    question, _, platform = column.partition("_")
    return QUESTIONS[question].format(NAMES[platform]) if platform else COLUMN_LABELS[column]


def _settle(path: Path, pattern: bytes, date: bytes) -> None:
    """Replace the moment of writing in the header of a file, which alone would differ from one run to the next."""
    content, found = re.subn(pattern, date, path.read_bytes(), count=1, flags=re.DOTALL)
    if not found:
        raise RuntimeError(f"{path.name}: no date of writing in the header")
    path.write_bytes(content)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
