"""Figures that others printed, each with an interval for its sampling and its rounding."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from surveys.core.errors import Problem, StudyError
from surveys.core.intervals import wilson_interval
from surveys.core.results import Estimate, Note, Unavailable
from surveys.study.fieldwork import Fieldwork, parse_fieldwork
from surveys.study.schema import STEPS, Step, Study

REQUIRED_COLUMNS = ("id", "entity", "country", "measure", "value", "unit", "base_population", "n", "publisher")
OPTIONAL_COLUMNS = (
    "subgroup",
    "wave",
    "kind",
    "confidence",
    "conflicts_with",
    "fieldwork_date",
    "source_title",
    "note",
    "mode",
    "source_url",
    "date_start",
    "date_end",
)
MEASURE_OF_STEP: Mapping[Step, str] = {"aware": "awareness", "signup": "membership", "active": "active_use"}
SCALES = {
    "percent": ("share", 0.01),
    "percent of active internet users": ("share", 0.01),
    "percent of active web users": ("share", 0.01),
    "percent of online audience": ("share", 0.01),
    "percent per month": ("share", 0.01),
    "million": ("people", 1e6),
    "million per month": ("accounts", 1e6),
    "million unique visitors": ("people", 1e6),
    "accounts": ("accounts", 1.0),
    "persons": ("people", 1.0),
}
N_NOT_PUBLISHED = Note("the publisher gives no number of respondents")
NOT_A_SAMPLE = Note("a count, not a sample: no sampling error")


FRACTION = Note(
    "{file}, line {line}, column 'value': {value}% is printed finer than its respondents can tell; should it be "
    "{percent}%, write that, since unit 'percent' takes percentages and not fractions"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFigure:
    """
    One number that a publisher printed.

    Attributes
    ----------
    id : str
        Name of the row in the file of published figures.
    entity, country, measure, subgroup, wave : str
        What it measures, of which service, where, among whom and when, in the file's own words.
    value : float
        In `unit`: a share between 0 and 1, or a count.
    unit : str
        `share`, `people`, `accounts`, or the file's own word.
    half_unit : float
        Half of the last printed digit, in `unit`: rounding alone allows this much either way.
    base : str
        The people the figure is of.
    n : int or None
        Respondents, where the publisher says so.
    date, publisher, source, kind, confidence : str
        Where it comes from, and how far it can be relied on.
    conflicts_with : tuple of str
        Identifiers of figures that say otherwise.
    mode, note, source_url : str
        How people were asked, remarks, and where the source can be read.
    fieldwork : Fieldwork or None
        The days within which it was measured, as far as the file says them.
    line : int
        Where it stands in the file, as a spreadsheet counts; 0 where it is of no file.
    """

    id: str
    entity: str
    country: str
    measure: str
    subgroup: str
    wave: str
    value: float
    unit: str
    half_unit: float
    base: str
    n: int | None
    date: str
    publisher: str
    source: str
    kind: str
    confidence: str
    conflicts_with: tuple[str, ...]
    mode: str = ""
    note: str = ""
    source_url: str = ""
    fieldwork: Fieldwork | None = None
    line: int = 0

    def interval(self, conf_level: float = 0.95) -> Estimate | Unavailable:
        """
        Give the figure with an interval for sampling and rounding.

        Parameters
        ----------
        conf_level : float
            Between 0 and 1.

        Returns
        -------
        Estimate or Unavailable
            A share: Wilson's interval from the lowest value that rounds to the printed one to the
            highest. A count: its rounding. Unavailable for a share whose `n` is not published.

        Notes
        -----
        Quota samples have no known sampling distribution; for them Wilson's interval [1]_ is a lower
        bound of the uncertainty.

        References
        ----------
        .. [1] E. B. Wilson (1927), "Probable inference, the law of succession, and statistical
           inference", *Journal of the American Statistical Association* 22, 209-212.

        Examples
        --------
        >>> figure = PublishedFigure(
        ...     id="ifop_w3_twitter_aware", entity="Twitter", country="FR", measure="awareness", subgroup="",
        ...     wave="W3", value=0.28, unit="share", half_unit=0.005, base="web users 18+", n=1015,
        ...     date="2009-06", publisher="Ifop", source="", kind="published", confidence="high",
        ...     conflicts_with=())
        >>> figure.interval().summary()
        '28.0% [24.8%, 31.4%], n = 1,015'
        """
        low, high = self.value - self.half_unit, self.value + self.half_unit
        notes: tuple[Note, ...] = ()
        method = "rounding"
        if self.unit == "share":
            if self.n is None:
                return Unavailable(N_NOT_PUBLISHED)
            low = float(wilson_interval(max(low, 0.0), self.n, conf_level)[0])
            high = float(wilson_interval(min(high, 1.0), self.n, conf_level)[1])
            method = "Wilson, widened by rounding"
        else:
            notes = (NOT_A_SAMPLE,)
        return Estimate(
            estimate=self.value,
            std_error=math.nan,
            conf_low=low,
            conf_high=high,
            conf_level=conf_level,
            n=self.n,
            unit=self.unit,
            method=method,
            notes=notes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPoint:
    """One published value of a step of the funnel: which wave and platform of the study it belongs to."""

    wave: str
    platform: str
    step: Step
    figure: PublishedFigure


@dataclass(frozen=True, slots=True)
class PublishedFigures(Mapping[str, PublishedFigure]):
    """
    A file of published figures, by identifier.

    Attributes
    ----------
    path : Path
        The file they were read from.
    figures : dict of str to PublishedFigure
        In the order of the file.
    """

    path: Path
    figures: dict[str, PublishedFigure]

    def __getitem__(self, identifier: str) -> PublishedFigure:
        """Find a figure by its identifier."""
        return self.figures[identifier]

    def __iter__(self) -> Iterator[str]:
        """Go through the identifiers in the order of the file."""
        return iter(self.figures)

    def __len__(self) -> int:
        """Count the figures."""
        return len(self.figures)

    def series(self, study: Study) -> tuple[SeriesPoint, ...]:
        """
        Pick the study's own series: whole-sample values of its platforms and waves.

        Figures of low confidence, figures computed from others and claims of the press are left out.

        Parameters
        ----------
        study : Study
            Its `[published]` table says which country, publisher, platforms and waves are meant.

        Returns
        -------
        tuple of SeriesPoint
            By platform, step and wave. Conflicting values stand side by side.

        Examples
        --------
        >>> from reports.examples import open_example
        >>> study = open_example("twitter_france")
        >>> [(p.wave, p.figure.value) for p in read_published(study).series(study)
        ...  if (p.platform, p.step) == ("twitter", "aware")][:3]
        [('2007-10', 0.02), ('2008-10', 0.04), ('2009-06', 0.28)]
        """
        wanted = study.published
        if wanted is None:
            return ()
        wave_of = {code: wave for wave, code in wanted.wave.items()}
        platform_of = {entity: platform for platform, entity in wanted.platform.items()}
        step_of = {measure: step for step, measure in MEASURE_OF_STEP.items()}
        points = [
            SeriesPoint(
                wave=wave_of[figure.wave],
                platform=platform_of[figure.entity],
                step=step_of[figure.measure],
                figure=figure,
            )
            for figure in self.values()
            if figure.wave in wave_of
            and figure.entity in platform_of
            and figure.measure in step_of
            and not figure.subgroup
            and figure.kind == "published"
            and figure.confidence != "low"
            and wanted.country in (None, figure.country)
            and figure.publisher.startswith(wanted.publisher or "")
            and figure.base.startswith(wanted.base or "")
        ]
        platforms, waves = list(wanted.platform), list(wanted.wave)
        return tuple(
            sorted(points, key=lambda p: (platforms.index(p.platform), STEPS.index(p.step), waves.index(p.wave)))
        )


def read_published(study: Study) -> PublishedFigures:
    """
    Read the study's file of published figures.

    Parameters
    ----------
    study : Study
        A study with a `[published]` table.

    Returns
    -------
    PublishedFigures
        Every figure with a number; text and empty values cannot be compared and are left to the file.

    Raises
    ------
    StudyError
        If the study names no such file, or the file lacks a column, repeats an identifier, or holds a
        value or an `n` that is not a number. All problems are given at once.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> read_published(open_example("twitter_france"))["ifop_w3_twitter_aware"].value
    0.28
    """
    if study.published is None:
        raise StudyError.at("study.toml", "no [published] table", "Add one that names the file of published figures")
    path = study.folder / study.published.file
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            columns, rows = list(reader.fieldnames or ()), [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StudyError.at(path.name, f"cannot be read: {error}", "Give a CSV file in UTF-8") from None
    missing = [name for name in REQUIRED_COLUMNS if name not in columns]
    if missing:
        found = ", ".join(columns) or "no columns"
        raise StudyError.at(
            f"{path.name}, line 1",
            f"column{'s' * (len(missing) > 1)} {', '.join(missing)} not found, got {found}",
            "Add what is missing",
        )
    return PublishedFigures(path, _figures(path.name, rows))


def fractions_of_percent(published: PublishedFigures) -> tuple[Note, ...]:
    """
    Ask whether percentages below 1 are fractions written in the column of percentages.

    Parameters
    ----------
    published : PublishedFigures
        As read.

    Returns
    -------
    tuple of Note
        One for each share below 1 % that is printed finer than its respondents can tell: 0.335 % of 1,015 people
        would be a third of a person more or less, and 33.5 % is what one of them more or less makes.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> fractions_of_percent(read_published(open_example("twitter_france")))
    ()
    """
    return tuple(
        Note(
            FRACTION.message,
            {
                "file": published.path.name,
                "line": str(figure.line),
                "value": Decimal(f"{100 * figure.value:.10g}"),
                "percent": Decimal(f"{1e4 * figure.value:.10g}"),
            },
        )
        for figure in published.values()
        if figure.unit == "share"
        and figure.n
        and 0 < figure.value < 0.01
        and 2 * figure.half_unit < min(0.0005, 0.5 / figure.n)
    )


def _figures(name: str, rows: list[tuple[int, dict[str, str]]]) -> dict[str, PublishedFigure]:
    figures: dict[str, PublishedFigure] = {}
    problems: list[Problem] = []
    for line, row in rows:
        place = f"{name}, line {line}"
        if None in row or None in row.values():
            problems.append(
                Problem(place, "the number of cells differs from the header's", "Quote cells that hold commas")
            )
        elif row["id"] in figures:
            problems.append(
                Problem(f"{place}, column 'id'", f"'{row['id']}' stands twice", "Give each figure a name of its own")
            )
        elif row["unit"] != "text" and row["value"].strip():
            try:
                figures[row["id"]] = _figure(row, line)
            except ValueError as error:
                problems.append(
                    Problem(f"{place}, columns 'value' and 'n'", str(error), "Write plain numbers, as in 28 or 31.5")
                )
    if problems:
        raise StudyError(*problems)
    return figures


def _figure(row: dict[str, str], line: int) -> PublishedFigure:
    printed = row["value"].strip()
    unit, scale = SCALES.get(row["unit"], (row["unit"], 1.0))
    decimals = len(printed.partition(".")[2])
    n = int(row["n"]) if row["n"].strip() else None
    if not math.isfinite(float(printed)) or (n is not None and n <= 0):
        raise ValueError(f"got value {printed} and n {row['n'] or 'empty'}, expected a number and a positive count")
    optional = {name: row.get(name, "") for name in OPTIONAL_COLUMNS}
    return PublishedFigure(
        id=row["id"],
        entity=row["entity"],
        country=row["country"],
        measure=row["measure"],
        subgroup=optional["subgroup"],
        wave=optional["wave"],
        value=round(float(printed) * scale, 12),
        unit=unit,
        half_unit=0.5 * 10.0**-decimals * scale,
        base=row["base_population"],
        n=n,
        date=optional["fieldwork_date"],
        publisher=row["publisher"],
        source=optional["source_title"],
        kind=optional["kind"] or "published",
        confidence=optional["confidence"],
        conflicts_with=tuple(other.strip() for other in optional["conflicts_with"].split(";") if other.strip()),
        mode=optional["mode"],
        note=optional["note"],
        source_url=optional["source_url"],
        fieldwork=parse_fieldwork(optional["fieldwork_date"], optional["date_start"], optional["date_end"]),
        line=line,
    )
