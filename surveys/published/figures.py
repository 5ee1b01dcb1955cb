"""Figures that others printed: the file of them, and the study's own series among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from surveys.core.errors import StudyError
from surveys.core.results import Note
from surveys.published._printed import read_rows
from surveys.published.figure import PublishedFigure
from surveys.published.figure_rows import read_figures
from surveys.study.schema import STEPS, Step, Study

REQUIRED_COLUMNS = ("id", "entity", "country", "measure", "value", "unit", "base_population", "n", "publisher")
MEASURE_OF_STEP: Mapping[Step, str] = {"aware": "awareness", "signup": "membership", "active": "active_use"}
FRACTION = Note(
    "{file}, line {line}, column 'value': {value}% is printed finer than its respondents can tell; should it be "
    "{percent}%, write that, since unit 'percent' takes percentages and not fractions"
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
        value that is not a number, cannot be, or can be read in two ways. All problems are given at once.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> read_published(open_example("twitter_france"))["ifop_w3_twitter_aware"].value
    0.28
    """
    if study.published is None:
        raise StudyError.at("study.toml", "no [published] table", "Add one that names the file of published figures")
    path = study.folder / study.published.file
    columns, rows, decimal_comma = read_rows(path)
    missing = [name for name in REQUIRED_COLUMNS if name not in columns]
    if missing:
        found = ", ".join(columns) or "no columns"
        raise StudyError.at(
            f"{path.name}, line 1",
            f"column{'s' * (len(missing) > 1)} {', '.join(missing)} not found, got {found}",
            "Add what is missing",
        )
    return PublishedFigures(path, read_figures(path.name, rows, decimal_comma=decimal_comma))


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
