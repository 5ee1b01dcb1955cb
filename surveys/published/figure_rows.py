"""Rows of a file of published figures, read and checked one by one."""

from __future__ import annotations

from surveys.core.errors import Problem, StudyError, did_you_mean, nearest
from surveys.published._printed import Printed, Rows, read_printed
from surveys.published.figure import PublishedFigure, unit_of_figure
from surveys.study.fieldwork import parse_fieldwork
from surveys.study.units import MULTIPLIERS, UNSAID, WHOLE, WORDS, Unit

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
    "half_unit",
    "margin",
    "deff",
)
COUNTED_AS = {UNSAID: "people"}
"""A bare multiplier is printed as a number of people."""
AS_KINDS_ALONE = ("share", "people", "accounts")
KINDS = ("published", "sample", "count", "estimate", "claim", "derived", "computed", "press_claim")


def read_figures(name: str, rows: Rows, *, decimal_comma: bool) -> dict[str, PublishedFigure]:
    """
    Read the rows of a file of published figures.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    rows : list of (int, dict)
        Each with its line.
    decimal_comma : bool
        Whether commas are decimal signs.

    Returns
    -------
    dict of str to PublishedFigure
        In the order of the file; text and empty values are left out.

    Raises
    ------
    StudyError
        If an identifier stands twice, or a value, a unit or a kind cannot be. All problems are given at once.
    """
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
                figures[row["id"]] = _figure(row, line, place, decimal_comma=decimal_comma)
            except StudyError as error:
                problems += error.problems
    if problems:
        raise StudyError(*problems)
    return figures


def _figure(row: dict[str, str], line: int, place: str, *, decimal_comma: bool) -> PublishedFigure:
    def number(column: str) -> Printed:
        try:
            return read_printed(row[column], decimal_comma=decimal_comma)
        except ValueError as error:
            mend = "Write a plain number, as in 28 or 31.5"
            raise StudyError.at(f"{place}, column '{column}'", str(error), mend) from None

    printed, unit = number("value"), _unit(row["unit"], place)
    given = {name: number(name).value for name in ("n", "half_unit", "margin", "deff") if (row.get(name) or "").strip()}
    n = _respondents(given.get("n"), row["n"], place)
    optional = {name: row.get(name, "") for name in OPTIONAL_COLUMNS}
    figure = PublishedFigure(
        id=row["id"],
        entity=row["entity"],
        country=row["country"],
        measure=row["measure"],
        subgroup=optional["subgroup"],
        wave=optional["wave"],
        value=round(printed.value * unit.scale, 12),
        unit=_name_of(unit),
        half_unit=given.get("half_unit", printed.half_unit) * unit.scale,
        base=row["base_population"],
        n=n,
        date=optional["fieldwork_date"],
        publisher=row["publisher"],
        source=optional["source_title"],
        kind=_kind(optional["kind"], place),
        confidence=optional["confidence"],
        conflicts_with=tuple(other.strip() for other in optional["conflicts_with"].split(";") if other.strip()),
        mode=optional["mode"],
        note=optional["note"],
        source_url=optional["source_url"],
        fieldwork=parse_fieldwork(optional["fieldwork_date"], optional["date_start"], optional["date_end"]),
        line=line,
        printed=row["value"].strip(),
        unit_printed=row["unit"],
        per=unit.per,
        bound=printed.bound,
        margin=given["margin"] * unit.scale if "margin" in given else None,
        deff=given.get("deff", 1.0),
    )
    _check_possible(figure, unit, place)
    return figure


def _name_of(unit: Unit) -> str:
    kind = COUNTED_AS.get(unit.kind, unit.kind)
    return f"{kind} per {unit.per}" if unit.per and kind not in AS_KINDS_ALONE else kind


def _unit(text: str, place: str) -> Unit:
    """Read a unit; words that are not known stand for themselves, unless they look like a slip of the pen."""
    unit = unit_of_figure(text)
    if unit is None and (not text.strip() or nearest(text, (*WORDS, *MULTIPLIERS)) is not None):
        what = f"got '{text}', expected a unit, as in percent, million people or minutes"
        raise StudyError.at(f"{place}, column 'unit'", what, did_you_mean(text, (*WORDS, *MULTIPLIERS), "Name a unit"))
    return unit or Unit(kind=text)


def _respondents(n: float | None, said: str, place: str) -> int | None:
    if n is not None and (n <= 0 or n != int(n)):
        what = f"got {said}, expected a whole number above 0"
        raise StudyError.at(f"{place}, column 'n'", what, "Correct it, or leave it empty where none is published")
    return None if n is None else int(n)


def _kind(said: str, place: str) -> str:
    if said and said not in KINDS:
        what = f"got '{said}', expected {', '.join(KINDS)}"
        raise StudyError.at(f"{place}, column 'kind'", what, did_you_mean(said, KINDS, "Choose one of them"))
    return said or "published"


def _check_possible(figure: PublishedFigure, unit: Unit, place: str) -> None:
    """Ask about a value that cannot be: a share of people below none or above all, a part of a person."""
    said = f"got {figure.printed} {figure.unit_printed}"
    where = f"{place}, column 'value'"
    if figure.printed.endswith("%") and unit.kind != "share":
        raise StudyError.at(where, f"got {figure.printed} in {figure.unit_printed}", "Correct the value, or the unit")
    if unit.kind == "share" and figure.n is not None and not 0 <= figure.value <= 1:
        what = f"{said} of {figure.n:,} respondents, expected 0 to 100 percent"
        raise StudyError.at(where, what, "Correct the value, or leave n empty where it is a change")
    if unit.kind in WHOLE and not unit.per and unit.scale == 1 and figure.value != int(figure.value):
        what = f"{said}, expected a whole number of them"
        raise StudyError.at(where, what, f"Name the multiplier, as in million {figure.unit_printed}")
    if unit.kind in (*WHOLE, UNSAID) and not unit.per and figure.value < 0:
        raise StudyError.at(where, f"{said}, expected 0 or more", "Correct the value, or name the unit of a change")
    if figure.deff <= 0 or (figure.margin is not None and figure.margin < 0) or figure.half_unit < 0:
        raise StudyError.at(place, "deff, margin or half_unit is below nil", "Correct it")
