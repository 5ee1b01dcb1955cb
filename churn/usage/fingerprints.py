"""What a log in a database held when it was read, in place of the hash of a file."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from churn.days.zones import EPOCH, day_date
from churn.usage.columns import account_columns, wanted_columns
from surveys.study.schema import Study

LATEST = 2**62


def spark_files(study: Study) -> tuple[Path, ...]:
    """
    Find the local files that Spark is to read for a study; none where it reads others, or a table.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> spark_files(open_example("twitter_france"))
    ()
    """
    usage = study.usage
    if usage is None or usage.table is None or not (usage.events or "").startswith("spark://") or "://" in usage.table:
        return ()
    absolute = Path(usage.table).is_absolute()
    root, pattern = (Path(usage.table).anchor, usage.table.lstrip("/")) if absolute else (study.folder, usage.table)
    return tuple(sorted(path for path in Path(root).glob(pattern) if path.is_file()))


def log_fingerprints(study: Study) -> dict[str, str]:
    """
    Tell what the log of a study holds, where it is in a database and not in files that can be hashed.

    Parameters
    ----------
    study : Study
        With or without `usage`.

    Returns
    -------
    dict of str to str
        By the name of the table, without a password: how many rows, and the first and last time, in UTC.
        Empty where the log consists of files, or there is none.

    Raises
    ------
    StudyError
        If the database or the table cannot be read.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> log_fingerprints(open_example("twitter_france"))
    {}
    """
    usage = study.usage
    if usage is None or usage.events is None or usage.time is None or usage.table is None or spark_files(study):
        return {}
    from churn.engine.open import EventLog, TimeColumn, open_source

    with open_source(
        study.folder,
        usage.events,
        key="events",
        wanted=wanted_columns(usage, {"time": usage.time}),
        delimiter=None,
        encoding="utf-8",
        table=usage.table,
    ) as (engine, source):
        time = TimeColumn(name=usage.time, unit=usage.time_unit)
        log = EventLog(engine, source, account=account_columns(usage), time=time, groups=())
        found = log.profile(LATEST)
        span = [_shown(tick, log.grain) for tick in (found.first, found.last)]
        return {source.name: f"{found.n_rows} rows, {' to '.join(span)}"}


def _shown(tick: int | None, grain: str) -> str:
    if tick is None:
        return "none"
    return str(day_date(tick) if grain == "day" else (EPOCH + timedelta(microseconds=tick)).isoformat())
