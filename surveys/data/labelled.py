"""Reading SPSS and Stata files with their labels and the values that they declare to be missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveys.core.errors import StudyError
from surveys.data.codebook import Code, Codebook, Item, ResponseSet, format_code
from surveys.data.microdata import Microdata


def read_labelled(path: Path, kind: Literal["sav", "dta"], encoding: str | None) -> Microdata:
    """
    Read a file of SPSS or Stata.

    Parameters
    ----------
    path : Path
        The file.
    kind : {'sav', 'dta'}
        SPSS, compressed or not, or Stata.
    encoding : str, optional
        Of its texts, where the file names another than it uses.

    Returns
    -------
    Microdata
        One row per respondent, numbered from 1.

    Raises
    ------
    StudyError
        If it cannot be read, or there is nobody in it.

    Examples
    --------
    >>> from reports.examples import example_folder
    >>> wave = read_labelled(example_folder("twitter_france") / "surveys" / "2010-09.dta", "dta", None)
    >>> wave.place
    '2010-09.dta'
    """
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
