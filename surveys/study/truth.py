"""What a simulated study was made from, to stand beside its estimates."""

from __future__ import annotations

import pandas as pd

from surveys.core.errors import StudyError
from surveys.study.schema import Study

COLUMNS = ("source", "wave", "platform", "measure", "time_days", "value", "how")


def read_truth(study: Study) -> pd.DataFrame:
    """
    Read the truth of a simulated study.

    Parameters
    ----------
    study : Study
        A study with a `[truth]` table.

    Returns
    -------
    DataFrame
        One row per planted or recounted number, columns `source`, `wave`, `platform`, `measure`,
        `time_days`, `value` (a share between 0 and 1) and `how`.

    Raises
    ------
    StudyError
        If the study names no truth, or the file cannot be read or lacks a column.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> truth = read_truth(open_example("twitter_france"))
    >>> truth.query("wave == '2009-06' and platform == 'twitter' and measure == 'aware'")["value"].item()
    0.28
    """
    if study.truth is None:
        raise StudyError.at("study.toml", "no [truth] table", "Add one that names the file of a simulation's truth")
    path = study.folder / study.truth.file
    try:
        frame = pd.read_csv(path, dtype={name: str for name in COLUMNS if name not in ("time_days", "value")})
    except (OSError, ValueError) as error:
        raise StudyError.at(path.name, f"cannot be read: {error}", "Give a CSV file in UTF-8") from None
    missing = [name for name in COLUMNS if name not in frame]
    if missing:
        raise StudyError.at(f"{path.name}, line 1", f"columns {', '.join(missing)} not found", "Add what is missing")
    return frame.fillna(dict.fromkeys(("wave", "platform", "how"), ""))
