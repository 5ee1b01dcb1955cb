"""Files and tables behind a usage study: which they are, their columns, and how they are to be read."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

from surveys.core.errors import Problem, StudyError, did_you_mean
from surveys.core.results import Note

Kind = Literal["parquet", "csv", "json", "table"]

KINDS: Mapping[str, Kind] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
JSON_SAMPLE = 1000
LONGEST_HEADER = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """
    Files of one kind that share their columns, or one table of a database.

    Attributes
    ----------
    files : tuple of Path
        As the study names them, in the order of their names.
    readable : tuple of Path
        As the engine reads them: the same, or copies in UTF-8 with one delimiter.
    kind : {'parquet', 'csv', 'json', 'table'}
        How they are stored; `table` where an engine knows it by a name.
    columns : tuple of str
        Columns that every file has.
    delimiter, quote : str
        What stands between columns, and around values, for kind `csv`.
    label : str
        What messages call it; empty for the name of the files.
    table : str
        Name by which the engine knows it, for kind `table`.
    notes : tuple of Note
        Caveats.
    """

    files: tuple[Path, ...]
    readable: tuple[Path, ...]
    kind: Kind
    columns: tuple[str, ...]
    delimiter: str = ","
    quote: str = '"'
    label: str = ""
    table: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def name(self) -> str:
        """Give the name by which messages call the files together, or the table."""
        if self.label:
            return self.label
        first = self.files[0]
        return first.name if len(self.files) == 1 else f"{first.name} and {len(self.files) - 1} more"

    @property
    def first_row(self) -> int:
        """Give the number that a spreadsheet shows beside the first record."""
        return 2 if self.kind == "csv" else 1


def find_source(folder: Path, pattern: str, *, key: str, delimiter: str | None, encoding: str, scratch: Path) -> Source:
    """
    Find the files of a study and read their column names.

    Parameters
    ----------
    folder : Path
        Folder of `study.toml`.
    pattern : str
        A file, or a pattern such as `events/*.parquet`, seen from `folder`.
    key : str
        Key of `study.toml` that names the files, for messages.
    delimiter : str or None
        What stands between columns; `whitespace` for runs of blanks; None to tell it from the header.
    encoding : str
        Encoding of text files.
    scratch : Path
        Existing folder for copies of files that the engine cannot read as they are.

    Returns
    -------
    Source
        The files, with the columns that all of them have.

    Raises
    ------
    StudyError
        If no file is found, the kind is unknown or mixed, or headers are unusable or differ.

    Examples
    --------
    >>> import tempfile
    >>> from reports.examples import open_example
    >>> folder, scratch = open_example("twitter_france").folder, Path(tempfile.gettempdir())
    >>> how = {"key": "events", "delimiter": None, "encoding": "utf-8", "scratch": scratch}
    >>> find_source(folder, "events/*.parquet", **how).columns
    ('account', 'time', 'recipient')
    """
    files = _matching(folder, pattern, key)
    kind = _common_kind(files, key)
    if kind == "parquet":
        headers = [_parquet_columns(path) for path in files]
        return Source(files=files, readable=files, kind=kind, columns=_common_columns(files, headers))
    _check_encoding(encoding)
    if kind == "json":
        headers = [_json_columns(path, encoding) for path in files]
        columns = tuple(dict.fromkeys(name for header in headers for name in header))
        readable = files if _is_utf8(encoding) else _rewritten(files, scratch, encoding, "")
        return Source(files=files, readable=readable, kind=kind, columns=columns)
    return _find_csv(files, delimiter, encoding, scratch)


def find_parquet(folder: Path, pattern: str) -> tuple[Path, ...]:
    """
    Find the Parquet files that a key `table` names.

    Raises
    ------
    StudyError
        If there is none, or one of another kind.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> len(find_parquet(open_example("twitter_france").folder, "events/*.parquet"))
    5
    """
    files = _matching(folder, pattern, "table")
    if _common_kind(files, "table") != "parquet":
        raise StudyError.at(files[0].name, "not a Parquet file, which Spark reads here", "Convert it")
    return files


def shown_address(address: str) -> str:
    """
    Give an address as messages show it: without a password and without settings.

    Examples
    --------
    >>> shown_address("postgresql://ana:secret@db.example.org/stats?sslmode=require")
    'postgresql://ana@db.example.org/stats'
    >>> shown_address("spark://local[2]")
    'spark://local[2]'
    """
    scheme, _, rest = address.partition("?")[0].partition("://")
    user, at, place = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}{at}{place}"


def check_columns(source: Source, wanted: Mapping[str, str]) -> None:
    """
    Refuse columns that the files do not have.

    Parameters
    ----------
    source : Source
        Files and their columns.
    wanted : mapping of str to str
        Column wanted, by the key of `study.toml` that names it.

    Raises
    ------
    StudyError
        Naming every missing column, with the nearest known one.

    Examples
    --------
    >>> files = (Path("log.csv"),)
    >>> source = Source(files=files, readable=files, kind="csv", columns=("account", "sent_at"))
    >>> check_columns(source, {"time": "sent_at"})
    >>> check_columns(source, {"time": "send_at"})
    Traceback (most recent call last):
    surveys.core.errors.StudyError: log.csv, column 'send_at': not found; [usage] time asks for it and the columns are
        'account', 'sent_at'. Did you mean 'sent_at'?
    """
    if source.kind == "csv" and len(source.columns) == 1 and len(set(wanted.values())) > 1:
        what = f"found one column, '{source.columns[0]}', expected several"
        mend = "Name what stands between columns under delimiter in study.toml ('whitespace' for blanks)"
        raise StudyError.at(f"{source.name}, row 1", what, mend)
    missing = [
        Problem(
            f"{source.name}, column '{name}'",
            f"not found; [usage] {key} asks for it and the columns are {_listed(source.columns)}",
            did_you_mean(name, source.columns, f"Name an existing column under {key} in study.toml"),
        )
        for key, name in wanted.items()
        if name not in source.columns
    ]
    if missing:
        raise StudyError(*missing)


def _listed(names: tuple[str, ...], limit: int = 12) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def _matching(folder: Path, pattern: str, key: str) -> tuple[Path, ...]:
    exact = folder / pattern
    root, below = (Path(exact.anchor), pattern[1:]) if Path(pattern).is_absolute() else (folder, pattern)
    found = root.glob(below)
    files = tuple(sorted(path for path in ([exact] if exact.exists() else found) if not path.is_dir()))
    if files:
        return files
    what = "is a folder, expected files" if exact.is_dir() else "no such file"
    nearby = [path.relative_to(folder).as_posix() for path in folder.glob("*") if path.suffix.lower() in KINDS]
    otherwise = f"Name files under {key} in study.toml, as in '{key}/*.parquet'"
    raise StudyError.at(pattern, what, did_you_mean(pattern, nearby, otherwise))


def _kind(path: Path) -> Kind | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    plain = suffixes[:-1] if suffixes[-1:] == [".gz"] else suffixes
    return KINDS.get(plain[-1]) if plain else None


def _common_kind(files: tuple[Path, ...], key: str) -> Kind:
    kinds = {path: _kind(path) for path in files}
    unknown = [path for path, kind in kinds.items() if kind is None]
    if unknown:
        raise StudyError.at(
            unknown[0].name,
            f"kind of file not known, expected one of {', '.join(KINDS)}",
            f"Convert it, or narrow the pattern under {key} in study.toml",
        )
    if len(set(kinds.values())) > 1:
        raise StudyError.at(
            f"{files[0].name} to {files[-1].name}",
            "found several kinds of file, expected one",
            f"Narrow the pattern under {key} in study.toml",
        )
    kind = kinds[files[0]]
    assert kind is not None
    return kind


def _common_columns(files: tuple[Path, ...], headers: list[tuple[str, ...]]) -> tuple[str, ...]:
    for path, header in zip(files, headers, strict=True):
        if header != headers[0]:
            raise StudyError.at(
                path.name,
                f"columns are {_listed(header)}, expected those of {files[0].name}: {_listed(headers[0])}",
                "Give all files the same columns in the same order",
            )
    return headers[0]


def _parquet_columns(path: Path) -> tuple[str, ...]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return tuple(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise StudyError.at(path.name, f"not a readable Parquet file ({error})", "Export it again") from None


def _is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}


def _check_encoding(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError:
        mend = "Write a known one, such as 'utf-8' or 'cp1252', under encoding in study.toml"
        raise StudyError.at("study.toml, usage.encoding", f"got '{encoding}', an unknown encoding", mend) from None


@contextmanager
def _opened_bytes(path: Path) -> Iterator[IO[bytes]]:
    packed = path.suffix.lower() == ".gz"
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as raw:
            yield cast(IO[bytes], raw)
    except (OSError, EOFError, zlib.error) as error:
        raise StudyError.at(path.name, f"cannot be read ({error})", "Export the file again") from None


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[IO[str]]:
    try:
        with _opened_bytes(path) as raw:
            yield io.TextIOWrapper(raw, encoding="utf-8-sig" if _is_utf8(encoding) else encoding, newline="")
    except UnicodeDecodeError as error:
        raise _wrong_encoding(path, error) from None


def _json_columns(path: Path, encoding: str) -> tuple[str, ...]:
    names: dict[str, None] = {}
    with _opened(path, encoding) as lines:
        for row, line in enumerate(lines, start=1):
            if row > JSON_SAMPLE:
                break
            try:
                record = json.loads(line) if line.strip() else {}
            except json.JSONDecodeError:
                record = None
            if not isinstance(record, dict):
                mend = 'Write one object such as {"account": "a1"} to a line'
                raise StudyError.at(f"{path.name}, row {row}", "expected one JSON object to a line", mend)
            names.update(dict.fromkeys(record))
    return tuple(names)


def first_bad_json(source: Source) -> tuple[str, int] | None:
    """
    Find the first line that is not JSON, by file and row; None where there is none.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = (Path(folder) / "log.jsonl",)
    ...     _ = files[0].write_text('{"account": ')
    ...     first_bad_json(Source(files=files, readable=files, kind="json", columns=("account",)))
    ('log.jsonl', 1)
    """
    for path, copy in zip(source.files, source.readable, strict=True):
        with _opened(copy, "utf-8") as lines:
            for row, line in enumerate(lines, start=1):
                try:
                    json.loads(line or "{}")
                except json.JSONDecodeError:
                    if line.strip():
                        return path.name, row
    return None


def _header_line(path: Path, encoding: str) -> str:
    if _is_utf8(encoding):
        # Bytes further down that are not UTF-8 are left to the engine, which knows their row.
        with _opened_bytes(path) as raw:
            first = re.split(rb"[\r\n]", raw.readline(LONGEST_HEADER))[0]
        header = _decoded(path, first)
    else:
        with _opened(path, encoding) as lines:
            header = lines.readline()
    if not header.strip():
        raise StudyError.at(f"{path.name}, row 1", "is empty, expected column names", "Export the file again")
    return header.rstrip("\r\n")


def _decoded(path: Path, line: bytes) -> str:
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong_encoding(path, error) from None


def _wrong_encoding(path: Path, error: UnicodeDecodeError) -> StudyError:
    return StudyError.at(
        path.name,
        f"byte {error.object[error.start]:#04x} is not {error.encoding}",
        "Name the encoding of the file, such as 'cp1252', under encoding in study.toml",
    )


def _mixes_line_ends(path: Path) -> bool:
    """Tell from its beginning whether a file mixes kinds of line end, which the engine does not read."""
    with _opened_bytes(path) as raw:
        start = raw.read(LONGEST_HEADER)
    windows = start.count(b"\r\n")
    return 0 < windows < start.count(b"\n")


def _told_delimiter(header: str) -> str:
    outside = re.sub(r'"[^"]*"', "", header)
    return max(DELIMITERS, key=outside.count)


def _csv_columns(path: Path, header: str, delimiter: str) -> tuple[str, ...]:
    split = header.split() if delimiter == "whitespace" else next(csv.reader([header], delimiter=delimiter))
    names = tuple(split)
    problems = [
        Problem(f"{path.name}, row 1, column {i}", "has no name", "Name every column in the first row")
        for i, name in enumerate(names, start=1)
        if not name.strip()
    ]
    problems += [
        Problem(f"{path.name}, row 1, column '{name}'", "occurs more than once", "Give every column its own name")
        for name in dict.fromkeys(names)
        if name.strip() and names.count(name) > 1
    ]
    if problems:
        raise StudyError(*problems)
    return names


def _find_csv(files: tuple[Path, ...], delimiter: str | None, encoding: str, scratch: Path) -> Source:
    headers = [_header_line(path, encoding) for path in files]
    told = delimiter or _told_delimiter(headers[0])
    if told != "whitespace" and len(told) != 1:
        mend = "Write one character, or 'whitespace' for runs of blanks"
        raise StudyError.at("study.toml, usage.delimiter", f"got '{told}'", mend)
    columns = [_csv_columns(path, header, told) for path, header in zip(files, headers, strict=True)]
    notes: tuple[Note, ...] = ()
    if delimiter is None and told != ",":
        values = {"file": files[0].name, "delimiter": DELIMITERS[told]}
        notes = (Note("{file} is read as separated by {delimiter}", values),)
    as_they_are = told != "whitespace" and _is_utf8(encoding) and not any(map(_mixes_line_ends, files))
    readable = files if as_they_are else _rewritten(files, scratch, encoding, told)
    return Source(
        files=files,
        readable=readable,
        kind="csv",
        columns=_common_columns(files, columns),
        delimiter="\t" if told == "whitespace" else told,
        quote="" if told == "whitespace" else '"',
        notes=notes,
    )


def _rewritten(files: tuple[Path, ...], scratch: Path, encoding: str, delimiter: str) -> tuple[Path, ...]:
    return tuple(_rewrite(path, scratch / f"{i}.txt", encoding, delimiter) for i, path in enumerate(files))


def _rewrite(path: Path, target: Path, encoding: str, delimiter: str) -> Path:
    with _opened(path, encoding) as lines, target.open("w", encoding="utf-8", newline="") as copy:
        if delimiter == "whitespace":
            copy.writelines("\t".join(line.split()) + "\n" for line in lines)
        else:
            copy.writelines(line.rstrip("\r\n") + "\n" for line in lines)
    return target
