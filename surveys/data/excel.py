"""Reading a sheet of an Excel workbook strictly: nothing that Excel did not compute, nothing guessed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveys.core.errors import Problem, StudyError
from surveys.core.results import Note
from surveys.data.codebook import format_code
from surveys.data.delimited import bad_names
from surveys.data.web_exports import Heading, read_heading
from surveys.design.rows import shortened, some

EXACT = 2.0**53
FORMULAS = Note("cells that are formulas, read as last computed: {n}")
HIDDEN_ROWS = Note("rows that are hidden in the workbook are counted as all others: {n}")
HIDDEN_COLUMNS = Note("columns that are hidden in the workbook are read as all others: {columns}")
COUNTED_FROM_1904 = Note(
    "the workbook counts days from 1904: a number that stands for a date is four years later there"
)


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """The table of a sheet, the row each respondent stands in, its header, and what was found out about it."""

    frame: pd.DataFrame
    lines: NDArray[np.intp]
    heading: Heading
    notes: tuple[Note, ...]


def read_workbook(path: Path) -> Sheet:
    """
    Read the sheet of a workbook.

    Parameters
    ----------
    path : Path
        `.xlsx`, with one sheet that is not empty and whose first row names its columns.

    Returns
    -------
    Sheet
        Dates and times as text in ISO's order, logical values as TRUE and FALSE.

    Raises
    ------
    StudyError
        With every problem: several sheets with data, formulas that were never computed, cells that hold an
        error, dates of a workbook that counts from 1904, cells that are merged, columns without a name
        or with the same one.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "wave.xlsx"
    ...     pd.DataFrame({"id": ["a", "b"], "q1": [1, 2]}).to_excel(path, index=False)
    ...     found = read_workbook(path)
    >>> found.frame.to_dict("list"), found.lines.tolist()
    ({'id': ['a', 'b'], 'q1': [1.0, 2.0]}, [2, 3])
    """
    formulas, values = _open(path, data_only=False), _open(path, data_only=True)
    filled = [sheet.title for sheet in formulas.worksheets if any(_cells(sheet))]
    if len(filled) != 1:
        what = f"{len(filled)} sheets hold data: {some(filled)}" if filled else "the workbook is empty"
        raise StudyError.at(path.name, what, "Keep the sheet of the respondents only" if filled else "Export it again")
    sheet, written = values[filled[0]], formulas[filled[0]]
    problems, notes = _inspect(sheet, written, path.name, _from_1904(values))
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    width = max(i for row in rows for i, value in enumerate(row, 1) if not _blank(value))
    kept = [(line, row[:width]) for line, row in enumerate(rows, sheet.min_row) if not all(map(_blank, row))]
    heading = read_heading([["" if _blank(value) else _text(value) for value in row] for _, row in kept[:3]])
    problems += bad_names(list(heading.names), path.name)
    body = kept[heading.n_rows :]
    if not body:
        problems.append(
            Problem(path.name, "there are no respondents below the header", "Export it again with its data")
        )
    if problems:
        raise StudyError(*problems)
    columns = {name: _stored([row[i] for _, row in body]) for i, name in enumerate(heading.names)}
    notes += _hidden(sheet, [line for line, _ in body], heading.names)
    return Sheet(pd.DataFrame(columns), np.array([line for line, _ in body], np.intp), heading, tuple(notes))


def _open(path: Path, *, data_only: bool) -> Any:
    import openpyxl

    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(file, data_only=data_only)
    except Exception as error:  # openpyxl lets errors of zip, XML and its own descriptors through
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise StudyError.at(path.name, f"cannot be read as a workbook: {reason}", "Save it again as .xlsx") from None


def _cells(sheet: Any) -> Iterator[Any]:
    return (cell for row in sheet.iter_rows() for cell in row if not _blank(cell.value))


def _from_1904(workbook: Any) -> bool:
    return bool(workbook.epoch.year == 1904)


def _inspect(sheet: Any, written: Any, place: str, from_1904: bool) -> tuple[list[Problem], list[Note]]:
    computed = [cell.coordinate for cell in _cells(written) if cell.data_type == "f"]
    empty = [name for name in computed if sheet[name].value is None]
    errors = [f"{cell.coordinate} ({cell.value})" for cell in _cells(sheet) if cell.data_type == "e"]
    dates = [cell.coordinate for cell in _cells(sheet) if isinstance(cell.value, date | time | timedelta)]
    merged = [str(span) for span in sheet.merged_cells.ranges]
    found = [
        (empty, "formulas that were never computed", "Open the workbook in Excel and save it, or paste the values"),
        (errors, "cells that hold an error", "Correct the cells"),
        (merged, "cells that are merged", "Separate them, with a value in each"),
        (dates if from_1904 else [], "dates of a workbook that counts days from 1904",
         "Turn the 1904 date system off in Excel's options and check the dates, or write them as text"),
    ]  # fmt: skip
    problems = [Problem(place, f"{what}: {some(cells)}", mend) for cells, what, mend in found if cells]
    notes = [Note(FORMULAS.message, {"n": len(computed)})] if len(computed) > len(empty) else []
    return problems, notes + ([COUNTED_FROM_1904] if from_1904 and not dates else [])


def _hidden(sheet: Any, lines: Sequence[int], names: Sequence[str]) -> list[Note]:
    """Tell which rows and columns of the table a person who opens the workbook does not see."""
    rows = sum(sheet.row_dimensions[line].hidden for line in lines if line in sheet.row_dimensions)
    spans = [(each.min or 0, each.max or 0) for each in sheet.column_dimensions.values() if each.hidden]
    columns = [
        name
        for place, name in enumerate(names, sheet.min_column)
        if any(first <= place <= last for first, last in spans)
    ]
    notes = [Note(HIDDEN_ROWS.message, {"n": rows})] if rows else []
    return notes + ([Note(HIDDEN_COLUMNS.message, {"columns": shortened(columns)})] if columns else [])


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return format_code(value)
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return value.isoformat() if isinstance(value, date | time) else str(value).strip()


def _stored(values: Sequence[object]) -> NDArray[np.float64] | NDArray[np.object_]:
    """Give floats where every cell that is not blank is a number that a float can hold, text otherwise."""
    filled = [value for value in values if not _blank(value)]
    if all(isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < EXACT for value in filled):
        return np.array([np.nan if _blank(value) else value for value in values], float)
    return np.array([None if _blank(value) else _text(value) for value in values], object)
