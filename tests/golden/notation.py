"""How golden cases write conditions, covariates, outcomes and cells: the notations of R, read for any names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from surveys.data.codebook import format_code

NAME = r"(?:`[^`]+`|[A-Za-z_][\w.]*)"
VALUE = r"(?:'[^']*'|\"[^\"]*\"|-?[\d.]+(?:[eE][-+]?\d+)?|TRUE|FALSE)"
TOKEN = re.compile(rf"\s*(%in%|[<>=!]=|[-&|!()<>,+*/^]|{VALUE}|{NAME})")
SEPARATORS = (".", ":", "|", ",", ", ", "_", " ", "/", "-", " x ", "&", ";", "*", "")


class NotExpressedError(Exception):
    """A notation that is not read here, or something the project has no way to say."""


def read_table(path: Path) -> pd.DataFrame:
    """Read a file of a case with its names as they are, such as `nh` beside `Nh`; empty cells are missing."""
    frame = pd.read_csv(path, keep_default_na=False, na_values=[""], float_precision="round_trip")
    numeric = frame.select_dtypes(include=["number", "bool"]).columns
    return frame.astype(dict.fromkeys(numeric, np.float64))


def bare(name: str) -> str:
    """Take the backticks from a name."""
    return name.strip().strip("`")


def listed(value: Any) -> list[str]:
    """Read names given as one text, as a formula without an outcome, or as a list."""
    if value is None:
        return []
    if isinstance(value, str):
        return [bare(part) for part in re.split(r"[+*]", value.strip().lstrip("~")) if bare(part) not in ("", "1")]
    return [str(part) for part in value]


class _Condition:
    """A condition of R on the columns of a frame; a missing value meets none, but `is.na`."""

    def __init__(self, frame: pd.DataFrame, text: str) -> None:
        self.frame, self.text, self.place = frame, text, 0
        self.tokens = TOKEN.findall(text)
        if "".join(self.tokens).replace(" ", "") != text.replace(" ", ""):
            raise NotExpressedError(f"the condition '{text}'")

    def met(self) -> np.ndarray:
        value, known = self._either()
        if self.place != len(self.tokens):
            raise NotExpressedError(f"the condition '{self.text}'")
        return np.asarray(value, bool) & known

    def _next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self._next()
        if wanted and token != wanted:
            raise NotExpressedError(f"the condition '{self.text}'")
        self.place += 1
        return token

    def _either(self) -> tuple[Any, np.ndarray]:
        value, known = self._both()
        while self._next() == "|":
            self._take()
            other, also = self._both()
            value, known = (value & known) | (other & also), np.ones_like(known)
        return value, known

    def _both(self) -> tuple[Any, np.ndarray]:
        value, known = self._single()
        while self._next() == "&":
            self._take()
            other, also = self._single()
            value, known = value & other, known & also
        return value, known

    def _single(self) -> tuple[Any, np.ndarray]:
        if self._next() == "!":
            self._take()
            value, known = self._single()
            return ~value, known
        left, known = self._sum()
        sign = self._next()
        if sign == "%in%":
            self._take()
            return left.isin(self._values()), known
        if sign not in ("==", "!=", "<", ">", "<=", ">="):
            return (left == 1 if left.dtype != bool else left), known
        self._take()
        right, also = self._sum()
        compare = {"==": "eq", "!=": "ne", "<": "lt", ">": "gt", "<=": "le", ">=": "ge"}[sign]
        if left.dtype == object and right.dtype != object:
            left = pd.to_numeric(left, errors="coerce")
        return getattr(left, compare)(right), known & also

    def _sum(self) -> tuple[pd.Series, np.ndarray]:
        value, known = self._operand()
        while self._next() in ("+", "-", "*", "/", "^"):
            how = {"+": "add", "-": "sub", "*": "mul", "/": "div", "^": "pow"}[self._take()]
            other, also = self._operand()
            value, known = getattr(value, how)(other), known & also
        return value, known

    def _values(self) -> list[Any]:
        if self._take() != "c":
            raise NotExpressedError(f"the condition '{self.text}'")
        self._take("(")
        found = []
        while (token := self._take()) != ")":
            if token != ",":
                found.append(_constant(token))
        return found

    def _operand(self) -> tuple[pd.Series, np.ndarray]:
        token = self._take()
        everywhere = np.ones(len(self.frame), bool)
        if token == "(":
            value, known = self._either()
            self._take(")")
            return value, known
        if re.fullmatch(VALUE, token):
            return pd.Series([_constant(token)] * len(self.frame), index=self.frame.index), everywhere
        if token == "is.na":
            self._take("(")
            value, _ = self._operand()
            self._take(")")
            return value.isna(), everywhere
        if token in ("as.integer", "as.numeric", "I", "factor", "as.character") and self._next() == "(":
            return self._operand()
        if bare(token) not in self.frame:
            raise NotExpressedError(f"no column {bare(token)}")
        column = self.frame[bare(token)]
        return column, column.notna().to_numpy()


def _constant(token: str) -> Any:
    if token in ("TRUE", "FALSE"):
        return float(token == "TRUE")
    return token[1:-1] if token[0] in "'\"" else float(token)


def condition(frame: pd.DataFrame, text: str) -> np.ndarray:
    """Evaluate conditions such as `stype=='E' & api99<650` or `wt.loss not missing`."""
    text = re.sub(rf"({NAME}) not missing", r"!is.na(\1)", text.strip())
    return _Condition(frame, text).met()


def outcome(formula: str) -> tuple[list[str], list[str], str]:
    """Split `Surv(a, b, type = "interval2") ~ x + z` into names, terms, and the kind that the outcome says it is."""
    found = re.fullmatch(r"\s*Surv\((.*?)\)\s*~\s*(.*)", formula)
    if found is None:
        raise NotExpressedError(f"the formula '{formula}'")
    parts = [part.strip() for part in found.group(1).split(",")]
    kind = next((re.sub(r".*=|['\"\s]", "", p) for p in parts if "interval" in p), "")
    names = [p for p in parts if "interval" not in p and not p.startswith("type")]
    terms = [term.strip() for term in found.group(2).split("+")]
    return names, [term for term in terms if term != "1"], kind


def flag(frame: pd.DataFrame, text: str) -> pd.Series:
    """Read who is gone: a column of 0 and 1, or a condition such as `status == 2`; missing where that is."""
    names = [bare(token) for token in TOKEN.findall(text) if bare(token) in frame]
    known = frame[names].notna().all(axis=1)
    return pd.Series(condition(frame, text), index=frame.index).astype(float).where(known)


def covariate(frame: pd.DataFrame, term: str, definitions: str = "") -> pd.Series:
    """
    Make the column that a term names.

    A term is a column, a function of one, an indicator, a column and one of its levels written together, a product
    of these, or a name that `definitions`, such as `cbind(age, male = sex == "M")`, explains.
    """
    term = term.strip()
    if bare(term) in frame:
        return frame[bare(term)]
    if found := re.fullmatch(rf"(log2|log10|log|sqrt|exp)\(({NAME})\)", term):
        function = getattr(np, found.group(1))
        return function(frame[bare(found.group(2))])
    if ":" in term and all(part.strip() for part in term.split(":")):
        parts = [covariate(frame, part, definitions) for part in term.split(":")]
        return pd.Series(np.prod([part.to_numpy(float) for part in parts], axis=0), index=frame.index)
    if found := re.fullmatch(rf"(?:I\()?({NAME})\s*\^\s*(\d)\)?", term):
        return frame[bare(found.group(1))] ** int(found.group(2))
    if found := re.fullmatch(rf"(?:factor|as\.factor)\(({NAME})\)(.*)", term):
        column, level = frame[bare(found.group(1))], found.group(2)
        codes = pd.Series([None if pd.isna(x) else format_code(x) for x in column], index=frame.index, dtype=object)
        return codes if not level else (codes == level).astype(float).where(column.notna())
    for name in sorted(frame, key=len, reverse=True):
        level = term.removeprefix(name)
        if level != term:
            codes = frame[name].map(format_code, na_action="ignore")
            if (codes == level).any():
                return (codes == level).astype(float).where(frame[name].notna())
    if re.fullmatch(NAME, term):
        explained = re.search(rf"(?<![\w.]){re.escape(term)}\s*=(?!=)\s*([^,]+?)\s*(?:,|\)\s*(?:,|$))", definitions)
        if explained:
            return flag(frame, _balanced(explained.group(1)))
    elif re.search(r"[<>=!]=?|%in%", term):
        return flag(frame, _balanced(re.sub(r"^I\(", "(", term)))
    raise NotExpressedError(f"no column {term}")


def _balanced(text: str) -> str:
    """Complete or cut closing brackets."""
    missing = text.count("(") - text.count(")")
    return text + ")" * missing if missing >= 0 else text[: missing or None]


def undotted(frame: pd.DataFrame) -> tuple[pd.DataFrame, Callable[[str], str]]:
    """Rename columns with dots, which a formula of Python takes for attributes, and give how texts name them now."""
    renamed = {str(name): str(name).replace(".", "_") for name in frame if "." in str(name)}
    while clash := [name for name, new in renamed.items() if new in frame.columns]:
        renamed |= {name: f"{renamed[name]}_" for name in clash}

    def said(text: str) -> str:
        for name in sorted(renamed, key=len, reverse=True):
            text = re.sub(rf"(?<![\w.])`?{re.escape(name)}`?", renamed[name], text)
        return text

    return frame.rename(columns=renamed), said


def covariates(frame: pd.DataFrame, terms: Sequence[str], call: str) -> pd.DataFrame:
    """Make the columns that terms name; one that nothing explains is what the call of R has in its place."""
    right = re.search(r"~\s*([^~,]+?)\s*,", f"{call.replace(' ', '')},")
    written = re.split(r"\+", right.group(1)) if right else []
    if len(written) == len(terms) + 1 and written[0] in ("0", "1"):
        written = written[1:]
    made = {}
    for i, term in enumerate(terms):
        try:
            made[term.replace("`", "")] = covariate(frame, term, call)
        except NotExpressedError:
            if len(written) != len(terms) or written[i] == term:
                raise
            made[term.replace("`", "")] = covariate(frame, _balanced(written[i]), call)
    return pd.DataFrame(made, index=frame.index)


def order_levels(frame: pd.DataFrame, names: Sequence[str], columns: Iterable[str]) -> pd.DataFrame:
    """
    Give columns of text the order of levels that the names of coefficients tell.

    The level that has no coefficient comes first; R sorts levels as the language does, Python by code points.
    """
    ordered = {}
    for name in columns:
        if name not in frame or frame[name].dtype != object:
            continue
        there = sorted(frame[name].dropna().unique())
        starts = (name, f"factor({name})", f"`{name}`")
        pieces = [piece for text in names for piece in str(text).split(":")]
        told = [lvl for piece in pieces for lvl in there if piece in [f"{start}{lvl}" for start in starts]]
        told = list(dict.fromkeys(told))
        if told and len(told) < len(there):
            first = [level for level in there if level not in told]
            ordered[name] = pd.Categorical(frame[name], categories=[*first, *told])
    return frame.assign(**ordered)


def cells(frame: pd.DataFrame, by: Sequence[str], given: Any) -> dict[Any, float]:
    """
    Read the people in each cell of one or several columns, however the case writes them.

    As texts that join the levels (`E.Yes`, `E:Yes`, `stypeE:sch_wideYes`), as records with one further number, as
    columns, or nested; keys of several columns are tuples of codes.
    """
    if isinstance(given, Mapping) and any(isinstance(part, Mapping) for part in given.values()):
        given = dict(_nested(given, len(by)))
        return {key if len(by) > 1 else key[0]: total for key, total in given.items()}
    if isinstance(given, Mapping) and set(by) <= set(given):
        given = pd.DataFrame(dict(given)).to_dict("records")
    if not isinstance(given, Mapping):
        return dict(_record(row, by) for row in given)
    if len(by) == 1:
        return {key.removeprefix(by[0]) if _spelled(frame, by[0], key) else key: n for key, n in given.items()}
    return {_split(frame, by, key): total for key, total in given.items()}


def _spelled(frame: pd.DataFrame, name: str, key: str) -> bool:
    codes = set(frame[name].dropna().map(format_code))
    return key not in codes and key.removeprefix(name) in codes


def _nested(given: Mapping[str, Any], depth: int) -> Iterable[tuple[tuple[str, ...], float]]:
    for key, inner in given.items():
        if depth == 1:
            yield (key,), inner
        else:
            yield from (((key, *rest), total) for rest, total in _nested(inner, depth - 1))


def _record(row: Mapping[str, Any], by: Sequence[str]) -> tuple[Any, float]:
    if "levels" in row or "cell" in row:
        levels = row.get("levels", row.get("cell"))
        key = tuple(levels[name] for name in by) if isinstance(levels, Mapping) else tuple(np.atleast_1d(levels))
        (total,) = [float(n) for name, n in row.items() if name not in ("levels", "cell")]
    else:
        key = tuple(row[name] for name in by)
        (total,) = [float(n) for name, n in row.items() if name not in by]
    return (key if len(by) > 1 else key[0]), total


def _split(frame: pd.DataFrame, by: Sequence[str], key: str) -> tuple[str, ...]:
    levels = [sorted(frame[name].dropna().map(format_code).unique()) for name in by]
    for cell in itertools.product(*levels):
        spelled = [f"{name}{level}" for name, level in zip(by, cell, strict=True)]
        equal = [f"{name}={level}" for name, level in zip(by, cell, strict=True)]
        if any(key == sep.join(parts) for sep in SEPARATORS for parts in (cell, spelled, equal)):
            return cell
    raise NotExpressedError(f"the cell '{key}' of {', '.join(by)}")


def labels(text: str) -> str:
    """Give the levels of a stratum of R, such as `sex=1, ph.ecog=2` or `x=Maintained   `, without names and padding."""
    parts = re.split(rf",\s*(?={NAME}=)", text)
    return ", ".join(part.partition("=")[2].strip() if "=" in part else part.strip() for part in parts)
