"""Reading files of respondents: text, workbooks, Parquet, SPSS and Stata, with their codebooks."""

from __future__ import annotations

from pathlib import Path

from surveys.core.errors import StudyError
from surveys.data.formats import format_of
from surveys.data.microdata import Microdata
from surveys.data.web_exports import describe_export

FOREIGN = {
    b"\x1f\x8b": ("gzip-compressed", "Unpack it first"),
    b"PK\x03\x04": ("a zip archive or a workbook", "Unpack it, or save the sheet as CSV"),
    b"SQLite format 3\x00": ("an SQLite database", "Export the table as CSV"),
    b"%PDF": ("a PDF document", "Ask for the data themselves"),
    b"\xd0\xcf\x11\xe0": ("a workbook of an old Excel", "Save the sheet as CSV"),
}


def read_microdata(
    path: str | Path, *, encoding: str | None = None, delimiter: str | None = None, decimal: str | None = None
) -> Microdata:
    """
    Read a file of respondents.

    Parameters
    ----------
    path : str or Path
        CSV or another delimited text, also as LimeSurvey and Qualtrics export it; Excel (`.xlsx`) with one
        sheet; Parquet; SPSS (`.sav`, `.zsav`); Stata (`.dta`); any format that was registered.
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
    known = format_of(path, head)
    if known is not None:
        return known.read(path, encoding)
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
