"""Banner tables as pollsters print them: column shares, bases, and letters for significant differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from surveys.comparisons.groups import check_adjustment, deviations_with_ends
from surveys.comparisons.pairs import Adjustment
from surveys.core.arrays import Bools, Floats
from surveys.core.errors import SpecError
from surveys.core.results import Estimate, Note
from surveys.core.rounding import say_share
from surveys.data.groups import Levels
from surveys.design.design import Design
from surveys.estimates.domains import Domains, row_mask
from surveys.estimates.influence import Ratio
from surveys.estimates.means import Estimates, combine, describe_shares
from surveys.funnel.shares import LevelShares
from surveys.study.fields import Label
from surveys.tables._letters import column_letters, effective_bases, letters_above, runs_alike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RowKind = Literal["code", "net", "choice", "step", "conversion"]
Split = Levels | pd.DataFrame | None
Asked = Callable[[Split], LevelShares]

SMALL, SUPPRESSED = "*", "**"
IN_NO_COLUMN = "respondents who stand in no column of “{group}”: {n} of {of}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BannerRow:
    """
    A row of a table.

    Attributes
    ----------
    key : str
        Name of the row within its table.
    label : str or dict
        As the study or the file gives it.
    kind : {"code", "net", "choice", "step", "conversion"}
        What it is.
    joined : tuple of str or dict
        Labels of the answers that a net joins.
    """

    key: str
    label: Label
    kind: RowKind = "code"
    joined: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BannerColumn:
    """
    A column of a table.

    Attributes
    ----------
    group, level : str
        Empty for everybody.
    letter : str
        Under which others name it; empty for everybody.
    """

    group: str
    level: str
    letter: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BannerTable:
    """
    Column shares of some rows, by the levels of some groups.

    Attributes
    ----------
    id : str
        Name of the table.
    label : str or dict or None
        What it shows.
    rows : tuple of BannerRow
    columns : tuple of BannerColumn
        Everybody first, then group by group.
    estimates : Estimates
        All shares, row by row, with one covariance; index: row, group, level.
    n : ndarray of int, shape (n_rows, n_columns)
        Base of each share: respondents of the table's base who were asked and answered.
    n_weighted, n_effective : ndarray of float, shape (n_rows, n_columns)
        Sum of their weights; and their number over the design effect, at most `n`.
    by_kish : ndarray of bool, shape (n_rows, n_columns)
        Where no share tells the design effect, so that `n_effective` is Kish's, of the weights alone.
    blocks : tuple of (int, int)
        Rows that follow each other and have the same bases: first, and one past the last.
    flag : ndarray of str, shape (n_rows, n_columns)
        `*` where the effective base of a share is below `flagged`, `**` below `suppressed`.
    above : ndarray of str, shape (n_rows, n_columns)
        Letters of the columns of the same group that a share is significantly above: a small letter
        at the first level of confidence, a capital at the second.
    conf_levels : (float, float)
        Of the letters.
    adjustment : {"holm", "fdr", "none"}
        For the number of pairs of columns in a row and group.
    flagged, suppressed : float
        Effective bases below which a share is flagged, and not shown.
    wave : str
        Of the survey; empty where there is none.
    notes : tuple of Note
        Caveats.
    """

    id: str
    label: Label | None
    rows: tuple[BannerRow, ...]
    columns: tuple[BannerColumn, ...]
    estimates: Estimates = field(repr=False)
    n: NDArray[np.intp] = field(repr=False)
    n_weighted: Floats = field(repr=False)
    n_effective: Floats = field(repr=False)
    by_kish: Bools = field(repr=False)
    blocks: tuple[tuple[int, int], ...] = field(repr=False)
    flag: NDArray[np.object_] = field(repr=False)
    above: NDArray[np.object_] = field(repr=False)
    conf_levels: tuple[float, float]
    adjustment: Adjustment
    flagged: float
    suppressed: float
    wave: str = ""
    notes: tuple[Note, ...] = ()

    def at(self, row: int, column: int) -> Estimate | None:
        """
        Give one share.

        Parameters
        ----------
        row, column : int
            Positions in `rows` and `columns`.

        Returns
        -------
        Estimate or None
            None where it is suppressed, or nobody is counted.
        """
        i = row * len(self.columns) + column
        if self.flag[row, column] == SUPPRESSED or np.isnan(self.estimates.estimate[i]):
            return None
        return self.estimates.at(self.estimates.index[i])

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per share.

        Returns
        -------
        DataFrame
            Columns row, label, kind, group, level, letter, estimate, std_error, conf_low, conf_high, df,
            n, n_weighted, n_effective, flag, above. A suppressed share is NaN, and so is its interval.
        """
        frame = self.estimates.to_frame()
        hidden = self.flag.ravel() == SUPPRESSED
        width = len(self.columns)
        numbers = {name: frame[name].mask(hidden) for name in ("estimate", "std_error", "conf_low", "conf_high", "df")}
        columns = {
            "row": np.repeat([row.key for row in self.rows], width),
            "label": np.repeat([_in_any_language(row.label) for row in self.rows], width),
            "kind": np.repeat([row.kind for row in self.rows], width),
            "group": frame["group"],
            "level": frame["level"],
            "letter": [column.letter for column in self.columns] * len(self.rows),
            **numbers,
            "n": frame["n"],
            "n_weighted": self.n_weighted.ravel(),
            "n_effective": self.n_effective.ravel(),
            "flag": self.flag.ravel(),
            "above": self.above.ravel(),
        }
        return pd.DataFrame(columns)

    def to_grid(self) -> pd.DataFrame:
        """Give the table as it is printed: shares in per cent with their letters, and the bases of each block."""
        cells, names = [], []
        width = range(len(self.columns))
        for first, end in self.blocks:
            cells += [[self._cell(i, j) for j in width] for i in range(first, end)]
            names += [_in_any_language(row.label) for row in self.rows[first:end]]
            cells += [
                [f"{count:,}" for count in self.n[first]],
                [f"{weight:,.0f}" for weight in self.n_weighted[first]],
                [f"{self.n_effective[first, j]:,.0f}{self.flag[first, j]}" for j in width],
            ]
            names += ["base", "weighted base", "effective base"]
        header = pd.MultiIndex.from_tuples(
            [
                (column.group or "all", f"{column.level} ({column.letter})" if column.letter else "all")
                for column in self.columns
            ]
        )
        return pd.DataFrame(cells, index=names, columns=header)

    def summary(self) -> str:
        """Say the shares of everybody, a line for each row."""
        lines = []
        for i, row in enumerate(self.rows):
            found = self.at(i, 0)
            lines.append(f"{_in_any_language(row.label)}: {'not shown' if found is None else found.summary()}")
        return "\n".join(lines)

    def plot(self, ax: Axes) -> Axes:
        """Draw each column's shares as points, rows from the top."""
        height = -np.arange(len(self.rows), dtype=float)
        for j, column in enumerate(self.columns):
            found = [self.at(i, j) for i in range(len(self.rows))]
            ax.plot([np.nan if x is None else x.estimate for x in found], height, "o", label=column.level)
        return ax

    def _cell(self, i: int, j: int) -> str:
        found = self.at(i, j)
        if found is None:
            return SUPPRESSED if self.flag[i, j] == SUPPRESSED else "–"
        return f"{say_share(found.estimate, 0)} {self.above[i, j]}".rstrip() + str(self.flag[i, j])


def tabulate(
    design: Design,
    rows: Mapping[str, ArrayLike],
    banner: Mapping[str, Levels | pd.DataFrame],
    *,
    base: ArrayLike | None = None,
    adjustment: Adjustment = "holm",
    conf_levels: tuple[float, float] = (0.95, 0.99),
    conf_level: float = 0.95,
    flagged: float = 100,
    suppressed: float = 30,
) -> BannerTable:
    """
    Lay out the shares of some answers by the levels of some groups.

    Parameters
    ----------
    design : Design
        The sample.
    rows : mapping of str to array_like of float, each of shape (n_rows,)
        1 for yes, 0 for no, NaN where there is no answer; by the label of the row.
    banner : mapping of str to Levels or DataFrame
        Groups: the level of each respondent, or a column of true and false for each level, which may
        overlap, as where several answers can be given.
    base : array_like of bool, shape (n_rows,), optional
        Whom the table is about; everybody without it.
    adjustment : {"holm", "fdr", "none"}
        How letters allow for the number of pairs of columns in a row and group.
    conf_levels : (float, float)
        From the first, a difference is given a small letter; from the second, a capital.
    conf_level : float
        Of the intervals, between 0 and 1.
    flagged, suppressed : float
        Effective base below which a share is flagged `*`, and not shown, `**`.

    Returns
    -------
    BannerTable
        Columns that are not shown have no letters and are named by none.

    Raises
    ------
    SpecError
        If there is no row or no group, if levels of confidence do not rise, or arguments do not have
        one value for each row of the sample.
    EstimateError
        If the design has no variance.

    Notes
    -----
    Differences within a group are tested with Student's t from the covariance of all shares under the
    design: clusters, weights and overlaps between columns are in it. A share of 0 or 1 has there the
    variance that its interval speaks of.

    The effective base of a column is the number of respondents over the design effect of its shares in a
    block of rows: the sum of their variances under the design over the sum of those of a simple random
    sample of as many. It is never more than the respondents. Where every share of the block is 0 or 1,
    or none has a variance, it is Kish's.

    Examples
    --------
    >>> frame = pd.DataFrame({"heard": [1, 1, 1, 0] * 60 + [1, 0, 0, 0] * 60})
    >>> age = Levels(("18-34", "35+"), np.repeat([0, 1], 240))
    >>> table = tabulate(Design.from_frame(frame), {"Have heard": frame["heard"]}, {"age": age})
    >>> table.to_grid().iloc[0].tolist()
    ['50%', '75% B', '25%']
    """
    masked = row_mask(design, base)
    asked = []
    for label, values in rows.items():
        indicator = np.asarray(values, float)
        if indicator.shape != (design.n,):
            what = f"got shape {indicator.shape} for a sample of {design.n}"
            raise SpecError.at(f"row '{label}'", what, "Give one value for each row of the sample")
        asked.append((BannerRow(key=label, label=label), indicator_shares(indicator, masked)))
    return lay_out_banner(
        design,
        asked,
        banner,
        base=masked,
        adjustment=adjustment,
        conf_levels=conf_levels,
        conf_level=conf_level,
        flagged=flagged,
        suppressed=suppressed,
    )


def indicator_shares(indicator: Floats, base: Bools) -> Asked:
    """
    Ask for the share of a base that says yes, by any way of splitting it.

    Parameters
    ----------
    indicator : ndarray of float, shape (n_rows,)
        1 for yes, 0 for no, NaN for no answer.
    base : ndarray of bool, shape (n_rows,)

    Returns
    -------
    function
        From levels, overlapping columns or None (everybody) to the shares.

    Examples
    --------
    >>> heard, base = np.array([1, 0, 1, np.nan]), np.ones(4, bool)
    >>> shares = indicator_shares(heard, base)(Levels(("F", "M"), np.array([0, 0, 1, 1])))
    >>> shares.index.tolist(), shares.statistic.value(np.ones(4)).tolist()
    (['F', 'M'], [0.5, 1.0])
    """

    def asked(split: Split) -> LevelShares:
        if not isinstance(split, pd.DataFrame):
            return LevelShares.of(indicator, base, split)
        counted = split.to_numpy(bool) & (base & np.isfinite(indicator))[:, None]
        yes = np.where(counted, np.nan_to_num(indicator)[:, None], 0.0)
        return LevelShares(Ratio(yes, counted), counted, pd.Index(split.columns, name="level"))

    return asked


def lay_out_banner(
    design: Design,
    rows: Sequence[tuple[BannerRow, Asked]],
    banner: Mapping[str, Levels | pd.DataFrame],
    *,
    base: Bools,
    id: str = "table",
    label: Label | None = None,
    wave: str = "",
    adjustment: Adjustment = "holm",
    conf_levels: tuple[float, float] = (0.95, 0.99),
    conf_level: float = 0.95,
    flagged: float = 100,
    suppressed: float = 30,
    notes: tuple[Note, ...] = (),
) -> BannerTable:
    """
    Estimate every share of a table, as `tabulate` from rows that know how they are asked for.

    Examples
    --------
    >>> heard, base = np.tile([1.0, 1.0, 1.0, 0.0], 120), np.ones(480, bool)
    >>> age = Levels(("18-34", "35+"), np.repeat([0, 1], 240))
    >>> design, row = Design.from_frame(pd.DataFrame(index=range(480))), BannerRow(key="heard", label="Have heard")
    >>> table = lay_out_banner(design, [(row, indicator_shares(heard, base))], {"age": age}, base=base)
    >>> table.to_grid().iloc[0].tolist()
    ['75%', '75%', '75%']
    """
    if not rows or not banner:
        raise SpecError.at("table", "has no row or no group", "Give at least one of each")
    if not 0 < conf_levels[0] <= conf_levels[1] < 1:
        raise SpecError.at("conf_levels", f"got {conf_levels}, expected two that rise", "Write (0.95, 0.99)")
    check_adjustment(adjustment)
    splits: dict[str, Split] = {"": None, **banner}
    estimated = [[_estimate(design, asked(split), conf_level) for split in splits.values()] for _, asked in rows]
    columns = _columns(splits, [found.index for found, _ in estimated[0]])
    keys = [(row.key, group) for row, _ in rows for group in splits]
    estimates = combine(*(found for line in estimated for found, _ in line), keys=keys, names=["row", "group"])
    inside = [np.concatenate([counts for _, counts in line], axis=1) for line in estimated]
    blocks = runs_alike(inside)
    n = estimates.n.reshape(len(rows), len(columns))
    effective, by_kish = _effective(design, estimates, inside, n, blocks)
    flag = _flags(effective, flagged, suppressed)
    return BannerTable(
        id=id,
        label=label,
        rows=tuple(row for row, _ in rows),
        columns=columns,
        estimates=estimates,
        n=n,
        n_weighted=np.array([design.weights @ line for line in inside]).reshape(n.shape),
        n_effective=effective,
        by_kish=by_kish,
        blocks=blocks,
        flag=flag,
        above=_letters(estimates, columns, flag, adjustment, conf_levels),
        conf_levels=conf_levels,
        adjustment=adjustment,
        flagged=flagged,
        suppressed=suppressed,
        wave=wave,
        notes=(*notes, *_in_no_column(design, splits, columns, inside)),
    )


def _columns(splits: Mapping[str, Split], levels: Sequence[pd.Index]) -> tuple[BannerColumn, ...]:
    named = [(group, str(level)) for group, index in zip(splits, levels, strict=True) for level in index]
    letters = ["", *column_letters(len(named) - 1)]
    return tuple(
        BannerColumn(group=group, level=level, letter=letter)
        for (group, level), letter in zip(named, letters, strict=True)
    )


def _effective(
    design: Design,
    estimates: Estimates,
    inside: Sequence[Bools],
    n: NDArray[np.intp],
    blocks: Sequence[tuple[int, int]],
) -> tuple[Floats, Bools]:
    """Give the effective base of each cell, the same for the rows of a block, and where it is Kish's."""
    share, error, df = (values.reshape(n.shape) for values in (estimates.estimate, estimates.std_error, estimates.df))
    effective, by_kish = np.empty(n.shape), np.empty(n.shape, bool)
    for first, end in blocks:
        kish = np.array([design.n_effective(column) for column in inside[first].T])
        rows = slice(first, end)
        found = effective_bases(share[rows], error[rows], df[rows], n[first], kish)
        effective[first:end], by_kish[first:end] = found
    return effective, by_kish


def _in_no_column(
    design: Design, splits: Mapping[str, Split], columns: Sequence[BannerColumn], inside: Sequence[Bools]
) -> Iterator[Note]:
    """Count, group by group, the respondents of the table whom none of its columns holds."""
    held = np.logical_or.reduce(inside) & (design.weights > 0)[:, None]
    n = int(held[:, 0].sum())
    for group in filter(None, splits):
        places = [j for j, column in enumerate(columns) if column.group == group]
        left_out = n - int((held[:, 0] & held[:, places].any(axis=1)).sum())
        if left_out:
            yield Note(IN_NO_COLUMN, {"n": left_out, "of": n, "group": group})


def _estimate(design: Design, shares: LevelShares, conf_level: float) -> tuple[Estimates, Bools]:
    table = Domains(shares.index, np.zeros((0, 0)), shares.counted)
    return describe_shares(design, shares.statistic, table, conf_level=conf_level), shares.counted


def _flags(effective: Floats, flagged: float, suppressed: float) -> NDArray[np.object_]:
    small = np.where(effective < flagged, SMALL, "")
    return np.where(effective < suppressed, SUPPRESSED, small).astype(object)


def _letters(
    estimates: Estimates,
    columns: Sequence[BannerColumn],
    flag: NDArray[np.object_],
    adjustment: Adjustment,
    conf_levels: tuple[float, float],
) -> NDArray[np.object_]:
    above = np.full(flag.shape, "", dtype=object)
    deviations = deviations_with_ends(estimates)
    width = len(columns)
    for group in dict.fromkeys(column.group for column in columns if column.group):
        places = np.array([j for j, column in enumerate(columns) if column.group == group])
        letters = [columns[j].letter for j in places]
        for i in range(len(flag)):
            used = i * width + places
            above[i, places] = letters_above(
                estimates.estimate[used],
                deviations[:, used],
                flag[i, places] != SUPPRESSED,
                letters,
                estimates.degrees_of_freedom,
                adjustment,
                conf_levels,
            )
    return above


def _in_any_language(label: Label) -> str:
    return label if isinstance(label, str) else str(next(iter(label.values())))
