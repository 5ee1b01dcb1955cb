"""Reading files of respondents: text, workbooks, Parquet, SPSS and Stata, with their codebooks."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveys.core.errors import StudyError
from surveys.core.results import Note
from surveys.data.codebook import Code, Codebook, Item, ResponseSet, format_code
from surveys.data.web_exports import describe_export

SPSS, STATA = (b"$FL2", b"$FL3"), (b"<stata_dta>",)
FOREIGN = {
    b"\x1f\x8b": ("gzip-compressed", "Unpack it first"),
    b"PK\x03\x04": ("a zip archive or a workbook", "Unpack it, or save the sheet as CSV"),
    b"SQLite format 3\x00": ("an SQLite database", "Export the table as CSV"),
    b"%PDF": ("a PDF document", "Ask for the data themselves"),
    b"\xd0\xcf\x11\xe0": ("a workbook of an old Excel", "Save the sheet as CSV"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Microdata:
    """
    A file of respondents, as stored.

    Attributes
    ----------
    place : str
        Name of the file, for messages.
    frame : DataFrame
        One row per respondent: floats where every cell that is not blank is a number, text otherwise;
        blank cells are NaN or None.
    codebook : Codebook
        What the file says about its items.
    lines : ndarray of int, shape (n_rows,)
        What each row is called in messages: the line it begins on in a text, the header's being 1;
        its number in a file of SPSS or Stata.
    notes : tuple of Note
        What was found out about the file rather than told.
    origins : mapping of str to str
        Identifiers that Qualtrics gives to the columns, where the file has them.
    """

    place: str
    frame: pd.DataFrame
    codebook: Codebook
    lines: NDArray[np.intp]
    notes: tuple[Note, ...] = field(default=())
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def read_microdata(
    path: str | Path, *, encoding: str | None = None, delimiter: str | None = None, decimal: str | None = None
) -> Microdata:
    """
    Read a file of respondents.

    Parameters
    ----------
    path : str or Path
        CSV or another delimited text, also as LimeSurvey and Qualtrics export it; Excel (`.xlsx`) with one
        sheet; Parquet; SPSS (`.sav`, `.zsav`); Stata (`.dta`).
    encoding : str, optional
        Encoding of the text. Without it, UTF-8, or else Windows-1252 with a note.
    delimiter : str, optional
        What stands between the cells of a text. Without it, it is told from the header.
    decimal : {".", ","}, optional
        What stands before decimals in a text. Without it, a point; in a text with semicolons between
        its cells, a comma where no cell has a point, with a note.

    Returns
    -------
    Microdata

    Raises
    ------
    StudyError
        With every problem: the file does not exist, is something else, is cut short, has lines with
        too many or too few cells, quotes left open, columns without a name or with the same one.

    Examples
    --------
    >>> from reports.examples import example_folder
    >>> wave = read_microdata(example_folder("twitter_france") / "surveys" / "2009-06.sav")
    >>> wave.codebook["q1_twitter"].label_of(9)
    'Sans réponse'
    """
    path = Path(path)
    try:
        head = _head(path)
    except OSError as error:
        reason = "file not found" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise StudyError.at(path.name, reason, "Check the name of the file in study.toml") from None
    suffix = path.suffix.lower()
    if suffix in (".sav", ".zsav") or head.startswith(SPSS):
        return _read_labelled(path, "sav", encoding)
    if suffix == ".dta" or head.startswith(STATA):
        return _read_labelled(path, "dta", encoding)
    if suffix == ".parquet" or head.startswith(b"PAR1"):
        return _read_parquet(path)
    if head.startswith(b"PK\x03\x04") and _is_workbook(path):
        return _read_workbook(path)
    for magic, (what, mend) in FOREIGN.items():
        if head.startswith(magic):
            raise StudyError.at(path.name, f"this is {what}, not a table of respondents", mend)
    if head.startswith(b"version https://git-lfs"):
        raise StudyError.at(
            path.name, "this is a pointer of Git LFS: the data were not downloaded", "Run 'git lfs pull'"
        )
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise StudyError.at(path.name, "this is a web page, not a table of respondents", "Download the data again")
    from surveys.data.delimited import read_delimited

    read = read_delimited(path, encoding=encoding, delimiter=delimiter, decimal=decimal)
    book, told = describe_export(read.frame, read.heading)
    return Microdata(
        place=path.name,
        frame=read.frame,
        codebook=book,
        lines=read.lines,
        notes=(*read.notes, *told),
        origins=read.heading.imported,
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(256)


def _read_parquet(path: Path) -> Microdata:
    from surveys.data.parquet import read_parquet

    frame, book = read_parquet(path)
    return Microdata(place=path.name, frame=frame, codebook=book, lines=np.arange(1, len(frame) + 1))


def _is_workbook(path: Path) -> bool:
    """Tell whether an archive is a workbook of Excel 2007 or later, whatever its name."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def _read_workbook(path: Path) -> Microdata:
    from surveys.data.excel import read_workbook

    sheet = read_workbook(path)
    book, told = describe_export(sheet.frame, sheet.heading)
    return Microdata(
        place=path.name,
        frame=sheet.frame,
        codebook=book,
        lines=sheet.lines,
        notes=(*sheet.notes, *told),
        origins=sheet.heading.imported,
    )


def _read_labelled(path: Path, kind: str, encoding: str | None) -> Microdata:
    import pyreadstat

    reader = pyreadstat.read_sav if kind == "sav" else pyreadstat.read_dta
    named = "an SPSS" if kind == "sav" else "a Stata"
    try:
        frame, meta = reader(str(path), user_missing=True, disable_datetime_conversion=True, encoding=encoding)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError) as error:
        reason = str(error)[:1].lower() + str(error)[1:]
        raise StudyError.at(
            path.name, f"cannot be read as {named} file: {reason}", "Export it again, or ask for a complete copy"
        ) from None
    if len(frame) == 0:
        raise StudyError.at(path.name, "there are no respondents", "Export it again with its data")
    columns, items = {}, {}
    for name in frame.columns:
        columns[name], letters = _as_stored(frame[name])
        items[name] = _item(name, meta, letters)
    lines = np.arange(1, len(frame) + 1)
    return Microdata(
        place=path.name, frame=pd.DataFrame(columns), codebook=Codebook(items, _response_sets(meta)), lines=lines
    )


def _response_sets(meta: Any) -> dict[str, ResponseSet]:
    """Give the questions with several answers that an SPSS file declares."""
    found = {}
    for name, told in (getattr(meta, "mr_sets", None) or {}).items():
        plain = name.removeprefix("$")
        found[plain] = ResponseSet(
            name=plain,
            label=(told["label"] or "").strip(),
            items=tuple(told["variable_list"]),
            counted=told["counted_value"] if told["is_dichotomy"] else None,
            ticked=bool(told["is_dichotomy"]),
        )
    return found


def _as_stored(column: pd.Series) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Give floats, or text with None for blank; and the letters that Stata stores for missing values."""
    if column.dtype.kind in "iufb":
        return column.to_numpy(float), ()
    values = column.to_numpy(object)
    if any(isinstance(value, int | float) and value == value for value in values):
        letters = sorted({value for value in values if isinstance(value, str)})
        return _text([None if value != value else value for value in values]), tuple(letters)
    return _text(values), ()


def _text(values: Any) -> NDArray[np.object_]:
    stored = [None if value is None or value != value else format_code(value).strip() or None for value in values]
    return np.array(stored, dtype=object)


def _item(name: str, meta: Any, letters: tuple[str, ...]) -> Item:
    codes: list[Code] = list(letters)
    ranges = []
    for span in meta.missing_ranges.get(name, []):
        low, high = span["lo"], span["hi"]
        if isinstance(low, str) or low == high:
            codes.append(low.strip() if isinstance(low, str) else low)
        else:
            ranges.append((float(low), float(high)))
    codes += [value for value in meta.missing_user_values.get(name, []) if value not in codes]
    return Item(
        name=name,
        label=(meta.column_names_to_labels.get(name) or "").strip(),
        codes=dict(meta.variable_value_labels.get(name, {})),
        missing_codes=tuple(codes),
        missing_ranges=tuple(ranges),
    )
