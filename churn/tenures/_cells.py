"""Tables that say only how long accounts have lasted and whether they are gone, reduced to cells on the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.numeric.cells import add_up
from churn.tenures._columns import TenureColumns, read_columns, read_text, repeated_accounts
from churn.usage.columns import account_columns, place_of, refuse_inexact, settle_groups, usage_of
from surveys.core.arrays import Floats
from surveys.core.errors import Problem, SpecError, StudyError, did_you_mean
from surveys.core.results import Note
from surveys.study.schema import Study
from surveys.study.usage import Usage

if TYPE_CHECKING:
    import pyarrow as pa

    from churn.engine.open import Engine
    from churn.engine.sources import Source

SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TenureCells:
    """
    How many accounts of a table share a stratum, a tenure and an outcome.

    Attributes
    ----------
    strata : DataFrame, shape (n_cells, n_strata)
        Columns that describe the accounts, as text.
    duration : ndarray of float, shape (n_cells,)
        Tenure at dropout or censoring, in `time_unit`.
    event : ndarray of bool, shape (n_cells,)
        True for dropout, False for censoring.
    entry : ndarray of float, shape (n_cells,), or None
        Tenure at which observation began; NaN for sign-up, None where the table has no such column.
    cause : ndarray of int, shape (n_cells,), or None
        Why accounts left: 0 where they did not, i for `causes[i - 1]`; None without such a column.
    causes : tuple of str
        Names of the causes.
    n : ndarray of int, shape (n_cells,)
        Accounts, at least 1.
    n_unknown : int
        Accounts left out because the table does not say whether they are gone.
    time_unit : str
        Unit of tenures.
    notes : tuple of Note
        Caveats.
    """

    strata: pd.DataFrame
    duration: Floats
    event: NDArray[np.bool_]
    entry: Floats | None
    cause: NDArray[np.int64] | None
    causes: tuple[str, ...]
    n: NDArray[np.int64]
    n_unknown: int
    time_unit: str
    notes: tuple[Note, ...] = ()


def read_cells(study: Study, *, by: Sequence[str] = ()) -> TenureCells:
    """
    Reduce the table of tenures of a study to cells, in one pass on the engine.

    Parameters
    ----------
    study : Study
        With `usage.tenure`.
    by : sequence of str
        Columns of `usage.group` whose values are strata; a blank cell is a stratum of its own.

    Returns
    -------
    TenureCells
        Ordered by strata, entry, duration and outcome.

    Raises
    ------
    StudyError
        If files or columns are not there, or cells cannot be used: tenures that are blank, negative or not
        numbers, codes that the study does not explain, causes that do not go with dropout, accounts under
        observation only after they left, or accounts that occur twice; all such problems at once.
    SpecError
        If `by` names a column that is none of the study's groups.

    Examples
    --------
    >>> import tempfile
    >>> table = pd.DataFrame({"months": [3, 5, 3], "left": ["yes", "no", "yes"]})
    >>> dropout = {"rule": "closed", "horizon": 1}
    >>> usage = {"accounts": "a.csv", "tenure": "months", "tenure_unit": "months", "dropout": dropout}
    >>> usage["dropped"] = {"item": "left", "yes": ["yes"]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table.to_csv(f"{folder}/a.csv", index=False)
    ...     about = {"title": "Who stays", "as_of": "2013-12-31"}
    ...     cells = read_cells(Study.model_validate({"folder": folder, "study": about, "usage": usage}))
    >>> cells.duration, cells.event, cells.n
    (array([3., 5.]), array([ True, False]), array([2, 1]))
    """
    from churn.engine.open import open_source

    usage = usage_of(study)
    _check(usage, by)
    assert usage.accounts is not None
    assert usage.tenure_unit is not None
    columns = _columns(usage, by)
    wanted = _wanted(usage)
    with open_source(
        study.folder, usage.accounts, key="accounts", wanted=wanted, delimiter=usage.delimiter, encoding=usage.encoding
    ) as (engine, source):
        cells = engine.count(source, columns)
        if cells.num_rows == 0:
            raise StudyError.at(source.name, "has no rows, expected one per account", "Export it again")
        read = read_columns(cells, usage)
        _check_names(engine, source, usage)
        if read.faults or _some_twice(engine, source, usage):
            raise StudyError(*_problems(engine, source, columns, usage))
        if read.number is not None and not read.number.any():
            mend = "Name another column under frequency in study.toml"
            raise StudyError.at(f"{source.name}, column '{columns['frequency']}'", "is 0 in every row", mend)
        if np.isnan(read.gone).all():
            mend = "Name the column that does under dropped in study.toml"
            place = f"{source.name}, column '{columns['dropped']}'"
            raise StudyError.at(place, "says of no account whether it is gone", mend)
        notes = source.notes
    return _described(cells, read, by, usage, source.name, notes)


def _check(usage: Usage, by: Sequence[str]) -> None:
    if usage.tenure is None:
        mend = "Name the column under tenure, or use read_tenures"
        raise StudyError.at("study.toml, usage", "names no column of tenures", mend)
    for name in by:
        if name not in usage.group:
            mend = did_you_mean(name, usage.group, "Name it under group in study.toml")
            raise SpecError.at(f"by '{name}'", "is none of the groups of the usage", mend)


def _columns(usage: Usage, by: Sequence[str]) -> dict[str, str]:
    """Give the columns that make a cell, by the names used here."""
    assert usage.tenure is not None
    assert usage.dropped is not None
    columns = {"tenure": usage.tenure, "dropped": usage.dropped.item}
    columns |= {key: name for key in ("entry", "cause", "frequency") if (name := getattr(usage, key)) is not None}
    return columns | {f"group_{i}": name for i, name in enumerate(by)}


def _wanted(usage: Usage) -> dict[str, str]:
    named = {f"account[{i}]": name for i, name in enumerate(account_columns(usage))}
    return _columns(usage, ()) | named | {f"group[{i}]": name for i, name in enumerate(usage.group)}


def _check_names(engine: Engine, source: Source, usage: Usage) -> None:
    """Refuse names of accounts that have lost digits; whole numbers cannot have."""
    accounts = account_columns(usage)
    rows = engine.open(source, list(accounts)) if accounts else None
    if rows is not None and any(rows[name].type().is_floating() or rows[name].type().is_string() for name in accounts):
        refuse_inexact(engine.fetch(rows.select(*accounts), source), accounts, source.name)


def _some_twice(engine: Engine, source: Source, usage: Usage) -> bool:
    """Tell whether an account occurs more than once or is blank; without names, nobody can tell."""
    accounts = account_columns(usage)
    if not accounts:
        return False
    rows = engine.open(source, list(accounts))
    rows = rows.select(**{f"account_{i}": rows[name] for i, name in enumerate(accounts)})
    keys = [f"account_{i}" for i in range(len(accounts))]
    counted = rows.group_by(*keys).aggregate(n=rows.count())
    wrong = counted.n > 1
    for key in keys:
        wrong |= counted[key].isnull()
        if counted[key].type().is_string():
            wrong |= counted[key].strip() == ""
    return bool(engine.fetch(counted.filter(wrong).limit(1), source).num_rows)


def _problems(engine: Engine, source: Source, columns: dict[str, str], usage: Usage) -> list[Problem]:
    """Read the table row by row to say where its faults are."""
    import pyarrow as pa

    accounts = account_columns(usage)
    named = columns | {f"account_{i}": name for i, name in enumerate(accounts)}
    engine.keep_order(True)
    parts = []
    for path in source.readable:
        rows = engine.open(source, list(dict.fromkeys(named.values())), [path])
        parts.append(engine.fetch(rows.select(**{key: rows[name] for key, name in named.items()}), source))
    table = pa.concat_tables(parts, promote_options="permissive")
    lengths = [part.num_rows for part in parts]
    file = np.repeat(np.arange(len(parts)), lengths)
    row = np.concatenate([np.arange(length) for length in lengths]) + source.first_row
    problems = []
    for fault in (*repeated_accounts(table, len(accounts)), *read_columns(table, usage).faults):
        index = np.flatnonzero(fault.wrong)
        places = [(source.files[file[i]].name, int(row[i])) for i in index[:SHOWN]]
        column = "', '".join(accounts) if fault.key == "account" else named[fault.key]
        what = f"{len(index):,} of {table.num_rows:,} accounts {fault.what}"
        problems.append(Problem(place_of(places, len(index), column), what, fault.mend))
    return problems


def _described(
    cells: pa.Table, read: TenureColumns, by: Sequence[str], usage: Usage, place: str, notes: tuple[Note, ...]
) -> TenureCells:
    """Leave out accounts of unknown outcome, and join cells that were written differently and mean the same."""
    n = cells["n"].to_numpy().astype(np.int64) * (1 if read.number is None else read.number.astype(np.int64))
    counted = ~np.isnan(read.gone) & (n > 0)
    described = pd.DataFrame({name: read_text(cells[f"group_{i}"]) for i, name in enumerate(by)})
    settled = settle_groups(described, usage, place, n)
    groups = [settled[name].array for name in by]
    assert usage.tenure_unit is not None
    numbers = [values for values in (read.entry, read.duration, read.gone, read.cause) if values is not None]
    keys = [(group.codes.astype(np.int64), len(group.categories)) for group in groups]
    keys += [_ranked(values) for values in numbers]
    rows, joined = add_up(keys, np.flatnonzero(counted), n)
    n_unknown = int(n[np.isnan(read.gone)].sum())
    message = "{n} accounts are left out because the table does not say whether they are gone"
    return TenureCells(
        strata=pd.DataFrame({name: group[rows] for name, group in zip(by, groups, strict=True)}, range(len(rows))),
        duration=read.duration[rows],
        event=read.gone[rows] == 1,
        entry=None if read.entry is None else read.entry[rows],
        cause=None if read.cause is None else read.cause[rows],
        causes=read.causes,
        n=joined,
        n_unknown=n_unknown,
        time_unit=usage.tenure_unit,
        notes=(*notes, *((Note(message, {"n": n_unknown}),) if n_unknown else ())),
    )


def _ranked(values: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """Give each value its place among the distinct ones, -1 where it is missing."""
    codes, distinct = pd.factorize(values, sort=True)
    return codes.astype(np.int64), len(distinct)
