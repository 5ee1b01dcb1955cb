"""Reading delimited text strictly: nothing is filled in, shifted or skipped without a word."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from surveys.core.errors import Problem, StudyError
from surveys.core.results import Note
from surveys.data._delimited import Layout, bad_quote, lay_out, line_of
from surveys.data.web_exports import Heading, read_heading
from surveys.design.rows import SHOWN, some

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
EXACT = 2.0**53
DECIMAL_COMMA = r"^[+-]?\d*,\d+$"
TWICE_ENCODED = re.compile("[^\\s,;|]*[ÃÂ][\u0080-¿ŒœŠšŸŽžƒˆ˜–—‘-„†-•…‰‹›€™][^\\s,;|]*")


@dataclass(frozen=True, slots=True, eq=False)
class Delimited:
    """The table of a delimited text, the line each row begins on, its header, and what was found out about it."""

    frame: pd.DataFrame
    lines: NDArray[np.intp]
    heading: Heading
    notes: tuple[Note, ...]


def read_delimited(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None, decimal: str | None = None
) -> Delimited:
    r"""
    Read a delimited text.

    Parameters
    ----------
    path : Path
        File whose first line names its columns; a line `sep=;` before it is honoured.
    encoding, delimiter, decimal : str, optional
        As for `read_microdata`.

    Returns
    -------
    Delimited

    Raises
    ------
    StudyError
        With every line that does not have as many cells as the header, and every column whose name
        is empty or used before.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "wave.csv"
    ...     _ = path.write_text("id;q1\na;1\nb;2\n")
    ...     found = read_delimited(path)
    >>> found.frame.to_dict("list"), found.lines.tolist()
    ({'id': ['a', 'b'], 'q1': [1.0, 2.0]}, [2, 3])
    """
    place = path.name
    notes: list[Note] = []
    text = _decode(path.read_bytes(), encoding, place, notes)
    skipped, delimiter = _separator_hint(text, delimiter)
    body = text[skipped:]
    if not body.strip():
        raise StudyError.at(place, "there is no header, only blank lines", "Export the data again")
    delimiter = delimiter or _tell_delimiter(body, notes)
    shift = text.count(b"\n", 0, skipped)
    broken = bad_quote(body, delimiter)
    if broken is not None:
        raise StudyError.at(
            f"{place}, line {line_of(body, broken) + shift}",
            "a quotation mark is not closed, or stands inside a cell without quotes",
            "Close it, or put the cell in quotes and double the marks inside",
        )
    layout = lay_out(body, delimiter)
    heading = read_heading([_cells(body, layout, i, delimiter) for i in range(_header_rows(body, layout))])
    names = list(heading.names)
    problems = [*bad_names(names, place), *_ragged(layout, shift, place)]
    if len(layout.start) == heading.n_rows:
        problems.append(Problem(place, "there are no respondents below the header", "Export it again with its data"))
    if problems:
        raise StudyError(*problems)
    table = _parse(body[layout.end[heading.n_rows - 1] + 1 :], delimiter, names, place)
    comma = decimal == "," or (decimal is None and delimiter == ";" and _has_decimal_commas(table))
    if comma and decimal is None:
        notes.append(Note("numbers are read with a comma before their decimals"))
    frame = pd.DataFrame({name: _stored(table.column(name), comma) for name in names})
    return Delimited(frame, layout.line[heading.n_rows :] + shift, heading, tuple(notes))


def _header_rows(body: bytes, layout: Layout) -> int:
    """Give 3 where the third record holds the identifiers of Qualtrics, which ends its header; 1 otherwise."""
    return 3 if len(layout.start) > 2 and b"ImportId" in body[layout.start[2] : layout.end[2]] else 1


def _cells(body: bytes, layout: Layout, record: int, delimiter: str) -> list[str]:
    text = body[layout.start[record] : layout.end[record]].decode()
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _decode(raw: bytes, encoding: str | None, place: str, notes: list[Note]) -> bytes:
    """Give UTF-8 without a mark at its head, its lines ending in newlines."""
    if encoding is None and raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    if encoding is None or encoding.lower().replace("_", "-").startswith(("utf-8", "utf8")):
        _refuse_nul(raw, place)
    try:
        text = raw.decode(encoding or "utf-8-sig")
    except LookupError:
        raise StudyError.at(place, f"encoding '{encoding}' is not known", "Write 'utf-8' or 'cp1252'") from None
    except UnicodeDecodeError as error:
        if encoding is not None:
            line = line_of(raw, error.start)
            raise StudyError.at(
                f"{place}, line {line}", f"the text is not {encoding}", "Leave encoding out, or name the right one"
            ) from None
        text = _decode_western(raw, place)
        notes.append(Note("the text is not UTF-8 and is read as Windows-1252"))
    clean = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").encode()
    if (b"\xc3\x83" in clean or b"\xc3\x82" in clean) and (found := TWICE_ENCODED.search(clean.decode())):
        notes.append(Note("some text looks encoded twice, such as {example}", {"example": found.group()[:60]}))
    return clean


def _decode_western(raw: bytes, place: str) -> str:
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError as error:
        raise StudyError.at(
            f"{place}, line {line_of(raw, error.start)}",
            "the text is neither UTF-8 nor Windows-1252",
            "Set encoding for this survey",
        ) from None


def _refuse_nul(raw: bytes, place: str) -> None:
    position = raw.find(b"\0")
    if position < 0:
        return
    if raw.count(b"\0") > len(raw) // 5:
        raise StudyError.at(
            place,
            "this looks like UTF-16 without a byte-order mark",
            "Save it as UTF-8, or set encoding for this survey",
        )
    line = raw[raw.rfind(b"\n", 0, position) + 1 : position].decode("utf-8", "replace")
    header = raw[: raw.find(b"\n")].decode("utf-8-sig", "replace")
    mark = max(DELIMITERS, key=header.count)
    names = header.split(mark)
    column = f", column '{names[line.count(mark)].strip()}'" if line.count(mark) < len(names) else ""
    raise StudyError.at(
        f"{place}, line {line_of(raw, position)}{column}", "the cell holds a NUL byte", "Correct the cell"
    )


def _separator_hint(text: bytes, delimiter: str | None) -> tuple[int, str | None]:
    """Honour a first line such as `sep=;`, which spreadsheets write and skip."""
    found = re.match(rb'"?sep=([,;|\t])"?[ ,;]*\n', text, re.IGNORECASE)
    return (found.end(), delimiter or found.group(1).decode()) if found else (0, delimiter)


def _tell_delimiter(body: bytes, notes: list[Note]) -> str:
    header = re.sub(r'"[^"]*"', "", body.lstrip(b"\n").partition(b"\n")[0].decode())
    found = max(DELIMITERS, key=header.count)
    if found not in ",\t":
        notes.append(Note("cells are separated by a {delimiter}", {"delimiter": DELIMITERS[found]}))
    return found


def bad_names(names: list[str], place: str) -> list[Problem]:
    """
    Tell which columns cannot be told apart by their names, as people read them.

    Examples
    --------
    >>> [problem.what for problem in bad_names(["id", "Q1", "q1", ""], "wave.csv")]
    ['column 4 has no name', "columns 'Q1' and 'q1' differ only in capitals or spaces"]
    """
    problems = []
    empty = [str(i) for i, name in enumerate(names, 1) if not name.strip()]
    if empty:
        which = f"column {empty[0]} has" if len(empty) == 1 else f"columns {some(empty)} have"
        problems.append(Problem(f"{place}, header", f"{which} no name", "Name each column, or remove it"))
    seen: dict[str, str] = {}
    for name in filter(str.strip, names):
        folded = name.strip().casefold()
        if folded in seen:
            same = seen[folded] == name.strip()
            what = (
                f"two columns are called '{name.strip()}'"
                if same
                else f"columns '{seen[folded]}' and '{name.strip()}' differ only in capitals or spaces"
            )
            problems.append(Problem(f"{place}, header", what, "Rename or remove one of them"))
        seen.setdefault(folded, name.strip())
    return problems


def _ragged(layout: Layout, shift: int, place: str) -> list[Problem]:
    wrong = np.flatnonzero(layout.n_cells != layout.n_cells[0])
    problems = [
        Problem(
            f"{place}, line {layout.line[i] + shift}",
            f"{layout.n_cells[i]} cells, expected {layout.n_cells[0]} as in the header",
            "Correct the line",
        )
        for i in wrong[:SHOWN]
    ]
    if len(wrong) > SHOWN:
        problems.append(
            Problem(
                place,
                f"{len(wrong) - SHOWN} more lines have another number of cells than the header",
                "Look for cells that hold the delimiter and have no quotes, or for a delimiter at the end of each line",
            )
        )
    return problems


def _parse(body: bytes, delimiter: str, names: list[str], place: str) -> pa.Table:
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(body),
            arrow_csv.ReadOptions(column_names=names, block_size=max(1 << 24, 2 * len(body) // 64)),
            arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=b'"' in body),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid as error:
        raise StudyError.at(place, f"cannot be read as CSV: {error}", "Export it again") from None


def _trimmed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _has_decimal_commas(table: pa.Table) -> bool:
    """Tell whether some column has decimals, all of them behind a comma."""
    found = False
    for column in table.columns:
        values = _trimmed(column)
        if pc.any(pc.match_substring_regex(values, r"^[+-]?\d*\.\d+$")).as_py():
            return False
        found |= bool(pc.any(pc.match_substring_regex(values, DECIMAL_COMMA)).as_py())
    return found


def _stored(column: pa.ChunkedArray, decimal_comma: bool) -> NDArray[np.float64] | NDArray[np.object_]:
    """Give floats where every cell that is not blank is a number that a float can hold, text otherwise."""
    values = _trimmed(column)
    written = values
    if decimal_comma and not pc.any(pc.match_substring(values, ".")).as_py():
        written = pc.replace_substring(values, ",", ".", max_replacements=1)
    try:
        numbers = pc.cast(written, pa.float64())
    except pa.ArrowInvalid:
        return np.asarray(values.to_numpy(), object)
    found = np.asarray(numbers.to_numpy(), float)
    if np.isnan(found).sum() > numbers.null_count:  # a cell that says nan is text, not a blank
        return np.asarray(values.to_numpy(), object)
    zeros = pc.any(pc.match_substring_regex(values, r"^[+-]?0\d")).as_py()
    if (zeros and pc.count_distinct(values).as_py() > len(np.unique(found[~np.isnan(found)]))) or _too_long(found):
        return np.asarray(values.to_numpy(), object)
    return found


def _too_long(numbers: NDArray[np.float64]) -> bool:
    finite = np.abs(numbers[np.isfinite(numbers)])
    return bool((finite >= EXACT).any())
