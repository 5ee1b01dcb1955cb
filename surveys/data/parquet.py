"""Reading a Parquet file of respondents, its types kept as codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import parquet as arrow_parquet

from surveys.core.errors import Problem, StudyError
from surveys.data.codebook import Codebook, Item
from surveys.data.delimited import bad_names

MAGIC = b"PAR1"
EXACT = 2**53


def read_parquet(path: Path) -> tuple[pd.DataFrame, Codebook]:
    """
    Read a Parquet file.

    Parameters
    ----------
    path : Path
        A flat table, one row per respondent.

    Returns
    -------
    frame : DataFrame
        Numbers as floats, true and false as 1 and 0, dates and times as text in ISO's order; whole numbers that
        a float cannot hold as text.
    codebook : Codebook
        Descriptions that the file gives of its columns.

    Raises
    ------
    StudyError
        If the file is something else or cut short, has no row, columns that hold lists or tables, or
        two columns of one name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "wave.parquet"
    ...     pd.DataFrame({"id": ["a", "b"], "heard": [True, False]}).to_parquet(path)
    ...     frame, codebook = read_parquet(path)
    >>> frame.to_dict("list")
    {'id': ['a', 'b'], 'heard': [1.0, 0.0]}
    """
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            what = "this is not a Parquet file, whatever its name says"
            raise StudyError.at(path.name, what, "Name it after what it is, such as .csv, or export it again")
    try:
        table = arrow_parquet.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise StudyError.at(path.name, f"cannot be read as Parquet: {reason}", "Export it again") from None
    problems = bad_names(table.column_names, path.name)
    problems += [
        Problem(f"{path.name}, column '{name}'", f"holds {kind}, expected one value for each respondent", "Flatten it")
        for name, kind in zip(table.column_names, table.schema.types, strict=True)
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    ]
    if table.num_rows == 0:
        problems.append(Problem(path.name, "there are no respondents", "Export it again with its data"))
    if problems:
        raise StudyError(*problems)
    columns = {name.strip(): _stored(table.column(name)) for name in table.column_names}
    items = {
        name.strip(): Item(name=name.strip(), label=_label(table.schema.field(name))) for name in table.column_names
    }
    return pd.DataFrame(columns), Codebook(items)


def _label(field: pa.Field) -> str:
    described: bytes = (field.metadata or {}).get(b"description", b"")
    return described.decode("utf-8", "replace").strip()


def _stored(column: pa.ChunkedArray) -> NDArray[np.float64] | NDArray[np.object_]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = pc.cast(column, kind.value_type)
        kind = column.type
    if pa.types.is_integer(kind) and column.null_count < len(column):
        ends = pc.min_max(column).as_py()
        if max(abs(ends["min"]), abs(ends["max"])) >= EXACT:
            return np.asarray(pc.cast(column, pa.string()).to_numpy(), object)
    if pa.types.is_boolean(kind):
        column = pc.cast(column, pa.uint8())
    if (
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
    ):
        return np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(), float)
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_temporal(kind):
        values = [None if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
                  for value in column.to_pylist()]  # fmt: skip
        return np.array(values, object)
    trimmed = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    return np.asarray(pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed).to_numpy(), object)
