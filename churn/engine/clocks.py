"""Whose clock times without an offset are: what the study says, what is asked where it does not, what is told."""

from __future__ import annotations

from churn.days.zones import UTC_NAMES
from surveys.core.errors import Problem
from surveys.core.results import Note
from surveys.study.schema import Study

ON_THE_CLOCK = Note("times written without an offset are read on the clock of {zone}: {n}")
UNCLEAR = Note(
    "of times that the clocks of {zone} skip, the clock before the change is taken, and of those that they show "
    "twice the first: {n}"
)


def clock_of(study: Study) -> str | None:
    """
    Give the zone whose clock times without an offset are.

    Parameters
    ----------
    study : Study
        With `usage`.

    Returns
    -------
    str or None
        Name of the zone: that of the study, UTC or another, as `usage.clock` says; UTC where the study has the
        days of UTC and says nothing; None where it must be asked.

    Examples
    --------
    >>> usage = {"events": "log.csv", "account": "id", "time": "at"}
    >>> about = {"title": "a study", "as_of": "2013-12-31", "timezone": "Europe/Paris"}
    >>> clock_of(Study.model_validate({"folder": ".", "study": about, "usage": usage | {"clock": "study"}}))
    'Europe/Paris'
    >>> clock_of(Study.model_validate({"folder": ".", "study": about, "usage": usage})) is None
    True
    """
    zone = study.study.timezone
    said = None if study.usage is None else study.usage.clock
    if said is None:
        return "UTC" if zone in UTC_NAMES else None
    return zone if said == "study" else said


def clock_problem(place: str, n: int) -> Problem:
    """
    Ask whose clock the times of a column are.

    Parameters
    ----------
    place : str
        File and column.
    n : int
        Times without an offset.

    Returns
    -------
    Problem

    Examples
    --------
    >>> print(clock_problem("log.csv, column 'at'", 3))
    log.csv, column 'at': times written without an offset: 3, and nobody says whose clock they are. Say clock = \
'study', 'UTC' or the name of a zone under [usage] in study.toml.
    """
    mend = "Say clock = 'study', 'UTC' or the name of a zone under [usage] in study.toml"
    return Problem(place, f"times written without an offset: {n:,}, and nobody says whose clock they are", mend)


def clock_notes(clock: str | None, n: int, n_unclear: int) -> tuple[Note, ...]:
    """
    Say on whose clock times without an offset are read, and how many of them it does not tell apart.

    Parameters
    ----------
    clock : str or None
        Name of the zone.
    n, n_unclear : int
        Times without an offset, and those of them that the clock skips or shows twice.

    Returns
    -------
    tuple of Note

    Examples
    --------
    >>> [str(note) for note in clock_notes("Europe/Paris", 7, 0)]
    ['times written without an offset are read on the clock of Europe/Paris: 7']
    """
    if not n or clock is None:
        return ()
    told = (Note(ON_THE_CLOCK.message, {"n": n, "zone": clock}),)
    return told + ((Note(UNCLEAR.message, {"n": n_unclear, "zone": clock}),) if n_unclear else ())
