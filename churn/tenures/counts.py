"""Tenures as counts: the small table from which every curve and test can be computed exactly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.tenures.status import EventCode, Missing, read_status
from churn.tenures.tenures import STATUS_UNKNOWN, Tenures, cause_names, causes_of
from surveys.core.errors import SpecError, StudyError, did_you_mean
from surveys.core.results import Note

COLUMNS = ("entry", "duration", "event", "cause", "n")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TenureCounts:
    """
    How many accounts share a stratum, a tenure and an outcome.

    Attributes
    ----------
    strata : DataFrame, shape (n_cells, n_strata)
        What tells groups of accounts apart.
    entry : ndarray of float, shape (n_cells,)
        Tenure at which observation began, in `time_unit`; NaN for sign-up.
    duration : ndarray of float, shape (n_cells,)
        Tenure at dropout or censoring, in `time_unit`.
    event : ndarray of bool, shape (n_cells,)
        True for dropout, False for censoring.
    n : ndarray of int, shape (n_cells,)
        Accounts, at least 1.
    cause : ndarray of int, shape (n_cells,), or None
        Why accounts left: 0 for censoring, i for `causes[i - 1]`; None where causes are not told apart.
    causes : tuple of str
        Names of the causes.
    time_unit : str
        Unit of tenures.
    notes : tuple of Note
        Caveats.
    """

    strata: pd.DataFrame
    entry: NDArray[np.float64]
    duration: NDArray[np.float64]
    event: NDArray[np.bool_]
    n: NDArray[np.int64]
    cause: NDArray[np.int64] | None = None
    causes: tuple[str, ...] = ()
    time_unit: str = "days"
    notes: tuple[Note, ...] = ()

    @property
    def n_accounts(self) -> int:
        """Number of accounts, over all cells."""
        return int(self.n.sum())

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        event: EventCode = None,
        missing: Missing = "refuse",
        time_unit: str = "days",
        notes: tuple[Note, ...] = (),
    ) -> TenureCounts:
        """
        Take counts from a table.

        Parameters
        ----------
        frame : DataFrame
            With `duration`, `event` (true for dropout) and `n` (accounts), perhaps `entry` and `cause`
            (text, missing where censored); the other columns are strata.
        event : value or mapping, optional
            The code of a dropout in the column `event`, or what each code means, as for `Tenures.from_frame`.
        missing : {'refuse', 'leave out'}
            What becomes of cells of which `event` says nothing.
        time_unit : str
            Unit of tenures.
        notes : tuple of Note
            Caveats.

        Returns
        -------
        TenureCounts

        Raises
        ------
        SpecError
            If a column is not there, `event` holds codes that nobody explains, `n` is not a whole number from 1,
            or a tenure is impossible.

        Examples
        --------
        >>> frame = pd.DataFrame({"duration": [3, 5], "event": [True, False], "n": [10, 20]})
        >>> TenureCounts.from_frame(frame).n_accounts
        30
        """
        for name in ("duration", "event", "n"):
            if name not in frame.columns:
                mend = did_you_mean(name, map(str, frame.columns), "Add it")
                raise SpecError.at("TenureCounts", f"has no column '{name}'", mend)
        place = "TenureCounts, column 'event'"
        gone, known = read_status(frame["event"], event=event, missing=missing, place=place)
        if not known.all():
            notes = (*notes, Note(STATUS_UNKNOWN, {"n": int(frame["n"].to_numpy()[~known].sum())}))
            frame, gone = frame.loc[known].reset_index(drop=True), gone[known]
        n = frame["n"].to_numpy(np.float64)
        if not np.all((n >= 1) & (n == np.floor(n))):
            raise SpecError.at("TenureCounts, column 'n'", "expected whole numbers from 1", "Correct the counts")
        entry = frame["entry"].to_numpy(np.float64) if "entry" in frame.columns else np.full(len(frame), np.nan)
        cause, causes = causes_of(frame["cause"]) if "cause" in frame.columns else (None, ())
        checked = Tenures(
            duration=frame["duration"].to_numpy(),
            event=gone,
            entry=entry,
            cause=cause,
            causes=causes,
        )
        strata = frame.drop(columns=[name for name in COLUMNS if name in frame.columns]).reset_index(drop=True)
        return cls(
            strata=strata,
            entry=entry,
            duration=checked.duration,
            event=checked.event,
            n=n.astype(np.int64),
            cause=checked.cause,
            causes=causes,
            time_unit=time_unit,
            notes=notes,
        )

    def where(self, rows: NDArray[np.bool_]) -> TenureCounts:
        """
        Keep some cells.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_cells,)
            True for the cells to keep.

        Returns
        -------
        TenureCounts
        """
        return TenureCounts(
            strata=self.strata.loc[rows].reset_index(drop=True),
            entry=self.entry[rows],
            duration=self.duration[rows],
            event=self.event[rows],
            n=self.n[rows],
            cause=None if self.cause is None else self.cause[rows],
            causes=self.causes,
            time_unit=self.time_unit,
            notes=self.notes,
        )

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per cell.

        Returns
        -------
        DataFrame
            The strata, then `entry`, `duration`, `event`, `cause` where causes are told apart, and `n`.
        """
        cells = self.strata.assign(entry=self.entry, duration=self.duration, event=self.event)
        return (cells if self.cause is None else cells.assign(cause=cause_names(self.cause, self.causes))).assign(
            n=self.n
        )

    def summary(self) -> str:
        """Say how many accounts and cells there are, in one line of English."""
        gone = int(self.n[self.event].sum())
        return f"{self.n_accounts:,} accounts, {gone:,} of them gone, in {len(self.n):,} cells"


def count_tenures(tenures: Tenures, *, by: Sequence[str] = ()) -> TenureCounts:
    """
    Count accounts that share a stratum, a tenure and an outcome.

    Parameters
    ----------
    tenures : Tenures
        One row per account.
    by : sequence of str
        Attributes whose values are strata; a missing value is a stratum of its own.

    Returns
    -------
    TenureCounts
        Ordered by strata, entry, duration and event.

    Raises
    ------
    SpecError
        If an attribute is not there.

    Examples
    --------
    >>> count_tenures(Tenures(duration=[3, 3, 5], event=[True, True, False])).to_frame()
       entry  duration  event  n
    0    NaN       3.0   True  2
    1    NaN       5.0  False  1
    """
    for name in by:
        if name not in tenures.attributes.columns:
            known = map(str, tenures.attributes.columns)
            raise SpecError.at(f"count_tenures, by '{name}'", "no such attribute", did_you_mean(name, known, "Drop it"))
    entry = np.full(tenures.n_accounts, np.nan) if tenures.entry is None else tenures.entry
    cells = tenures.attributes[list(by)].assign(entry=entry, duration=tenures.duration, event=tenures.event)
    keys = [*by, "entry", "duration", "event"]
    if tenures.cause is not None:
        cells["cause"] = cause_names(tenures.cause, tenures.causes)
        keys.append("cause")
    counted = cells.groupby(keys, dropna=False, observed=True, sort=True).size().rename("n").reset_index()
    return TenureCounts.from_frame(counted, time_unit=tenures.time_unit, notes=tenures.notes)


def write_counts(counts: TenureCounts, path: Path) -> None:
    """
    Write counts to a Parquet file, with their unit.

    Parameters
    ----------
    counts : TenureCounts
        What to write.
    path : Path
        File to write; replaced if it exists.

    Examples
    --------
    >>> import tempfile
    >>> counts = count_tenures(Tenures(duration=[3, 3, 5], event=[True, True, False]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_counts(counts, Path(folder) / "counts.parquet")
    ...     [path.name for path in Path(folder).iterdir()]
    ['counts.parquet']
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(counts.to_frame(), preserve_index=False)
    about = json.dumps({"time_unit": counts.time_unit, "notes": [note.to_json() for note in counts.notes]})
    pq.write_table(table.replace_schema_metadata({"tenures": about}), path)


def read_counts(path: Path) -> TenureCounts:
    """
    Read counts that `write_counts` wrote.

    Parameters
    ----------
    path : Path
        A Parquet file.

    Returns
    -------
    TenureCounts

    Raises
    ------
    StudyError
        If the file is not there, or holds no counts.

    Examples
    --------
    >>> import tempfile
    >>> counts = count_tenures(Tenures(duration=[3, 3, 5], event=[True, True, False]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_counts(counts, Path(folder) / "counts.parquet")
    ...     read_counts(Path(folder) / "counts.parquet").summary()
    '3 accounts, 2 of them gone, in 2 cells'
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError):
        raise StudyError.at(path.name, "cannot be read, expected counts of tenures", "Write it again") from None
    about = json.loads((table.schema.metadata or {}).get(b"tenures", b"{}"))
    notes = tuple(map(Note.from_json, about.get("notes", ())))
    return TenureCounts.from_frame(table.to_pandas(), time_unit=about.get("time_unit", "days"), notes=notes)
