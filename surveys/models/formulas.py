"""Formulas as R writes them, made into covariates by formulaic: once for each pattern of the columns they name."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from surveys.core.arrays import Floats, Ints
from surveys.core.errors import Problem, SpecError, did_you_mean
from surveys.data.codebook import format_code
from surveys.models.patterns import find_patterns

QUOTED = re.compile("`([^`]*)`")


def _factor(values: pd.Series) -> pd.Series:
    """Make levels of numbers, in their order, named as a person would write them."""
    if values.dtype.kind not in "iuf":
        return values.astype("category")
    codes, levels = pd.factorize(values.to_numpy(float), sort=True)
    named = pd.Categorical.from_codes(codes, categories=pd.Index([format_code(float(level)) for level in levels]))
    return pd.Series(named, index=values.index)


FUNCTIONS: dict[str, Any] = {"factor": _factor, "I": lambda values: values}
"""What a formula may call beside the functions of formulaic itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Covariates:
    """
    Covariates that a formula makes.

    Attributes
    ----------
    formula : str
        As it was given.
    matrix : DataFrame, shape (n_units, k)
        One row per pattern, one column per covariate.
    unit : ndarray of int, shape (n_rows,)
        The pattern of each row.
    terms : mapping of str to tuple of int
        Columns of each term, the intercept left out.
    spec : object
        What formulaic remembers of factors and transformations.
    """

    formula: str
    matrix: pd.DataFrame
    unit: Ints
    terms: Mapping[str, tuple[int, ...]]
    spec: Any

    def of(self, profiles: pd.DataFrame) -> Floats:
        """
        Work the formula out for other rows.

        Raises
        ------
        SpecError
            If a column or a value is missing, or a level was not among those of the fit.
        """
        from formulaic.errors import FormulaicError, FormulaicWarning

        if self.spec is None:
            return self._taken(profiles)
        wanted = variables(self.formula, profiles, place="profiles")
        if profiles[wanted].isna().any(axis=None):
            raise SpecError.at("profiles", "lack the value of a covariate", "Give one for each")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", FormulaicWarning)
                built = self.spec.get_model_matrix(profiles, context=FUNCTIONS)
        except (FormulaicError, FormulaicWarning, ValueError, TypeError) as error:
            raise SpecError.at("profiles", f"cannot be worked out: {_reason(error)}", "Correct them") from None
        return pd.DataFrame(built)[list(self.matrix.columns)].to_numpy(float)

    def _taken(self, profiles: pd.DataFrame) -> Floats:
        names = list(self.matrix.columns)
        lacking = [str(name) for name in names if name not in profiles.columns]
        if lacking:
            raise SpecError.at("profiles", f"no column is called '{lacking[0]}'", "Give all covariates of the fit")
        return profiles[names].to_numpy(float)


def variables(formula: str, frame: pd.DataFrame, *, place: str = "") -> list[str]:
    """
    List the columns that a one-sided formula names.

    Parameters
    ----------
    formula : str
        Such as `~ age + factor(wave)`.
    frame : DataFrame
        Where the columns are.
    place : str
        What to call the place of a column that is not there, if not the formula.

    Returns
    -------
    list of str

    Raises
    ------
    SpecError
        If the formula cannot be read, has an outcome, or names unknown columns.

    Examples
    --------
    >>> variables("~ age + log(following)", pd.DataFrame({"age": [1], "following": [2], "sex": ["F"]}))
    ['age', 'following']
    """
    from formulaic import Formula, SimpleFormula
    from formulaic.errors import FormulaicError

    where = f"formula '{formula}'"
    columns = [str(name) for name in frame.columns]
    try:
        read = Formula(formula)
        if hasattr(read, "lhs"):
            raise SpecError.at(where, "has an outcome", "Write it as '~ x + z': the outcome is leaving")
        if not isinstance(read, SimpleFormula):
            raise SpecError.at(where, "has several parts", "Write it as '~ x + z'")
        wanted = sorted(_names(read, columns))
    except (FormulaicError, SyntaxError) as error:
        raise SpecError.at(where, f"cannot be read: {_reason(error)}", "Write it as '~ x + z'") from None
    unknown = [name for name in wanted if name not in columns]
    if unknown:
        mend = "Name columns that describe accounts"
        problems = [
            Problem(place or where, f"no column is called '{name}'", did_you_mean(name, columns, mend))
            for name in unknown
        ]
        raise SpecError(*problems)
    return wanted


def build_covariates(formula: str, frame: pd.DataFrame, *, intercept: bool = False) -> Covariates:
    """
    Work a formula out for each pattern of the columns that it names.

    Parameters
    ----------
    formula : str
        One-sided; text makes treatment contrasts with the first level in alphabetical order as reference.
    frame : DataFrame, shape (n_rows, n_columns)
        Without missing values in the columns named.
    intercept : bool
        Whether to keep it.

    Returns
    -------
    Covariates

    Raises
    ------
    SpecError
        As `variables`; and if the formula cannot be worked out, or gives values that are not finite.

    Examples
    --------
    >>> covariates = build_covariates("~ sex", pd.DataFrame({"sex": ["F", "M", "M", "F"]}))
    >>> covariates.matrix.to_numpy().tolist(), covariates.unit.tolist()
    ([[0.0], [1.0]], [0, 1, 1, 0])
    """
    wanted, place = variables(formula, frame), f"formula '{formula}'"
    unit, first = find_patterns(frame[wanted])
    data = frame[wanted].iloc[first].reset_index(drop=True)
    built = _worked_out(formula, data)
    matrix = pd.DataFrame(built)
    kept = [str(name) for name in matrix.columns if intercept or name != "Intercept"]
    matrix = matrix[kept].astype(float)
    if not np.isfinite(matrix.to_numpy()).all():
        raise SpecError.at(place, "gives infinite or missing values", "Limit accounts to those where it can be had")
    position = {name: i for i, name in enumerate(kept)}
    names = [str(name) for name in built.columns]
    terms = {
        term: tuple(position[names[i]] for i in places)
        for term, places in _places(built.model_spec, len(names)).items()
    }
    return Covariates(formula, matrix, unit, terms, built.model_spec)


def _names(formula: Any, columns: list[str]) -> set[str]:
    """Give the columns that a formula reads; a name between backticks may hold a point."""
    from formulaic.parser.types import Factor
    from formulaic.transforms import TRANSFORMS

    found: set[str] = set()
    for factor in (factor for term in formula for factor in term.factors):
        if factor.eval_method is Factor.EvalMethod.LOOKUP:
            found.add(str(factor.expr))
        elif factor.eval_method is Factor.EvalMethod.PYTHON:
            found |= set(QUOTED.findall(str(factor.expr)))
            tree = ast.parse(QUOTED.sub("0", str(factor.expr)), mode="eval")
            called = {node for call in ast.walk(tree) if isinstance(call, ast.Call) for node in ast.walk(call.func)}
            found |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node not in called}
    return {name for name in found if name in columns or not (name in FUNCTIONS or name in TRANSFORMS)}


def _reason(error: BaseException) -> str:
    reason = str(error).splitlines()[0].rstrip(".")
    return f"{reason[:1].lower()}{reason[1:]}"


def _worked_out(formula: str, data: pd.DataFrame) -> Any:
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        return Formula(formula).get_model_matrix(data, context=FUNCTIONS, na_action="raise")
    except (FormulaicError, ValueError, TypeError) as error:
        raise SpecError.at(f"formula '{formula}'", f"cannot be worked out: {_reason(error)}", "Correct it") from None


def _places(spec: Any, width: int) -> dict[str, tuple[int, ...]]:
    """Give the columns of each term, the intercept left out."""
    slices = {str(term): tuple(range(*part.indices(width))) for term, part in spec.term_slices.items()}
    return {name: places for name, places in slices.items() if name != "1"}


def named_columns(formula: str, frame: pd.DataFrame) -> list[str]:
    """
    List the columns that a formula with an outcome names.

    Parameters
    ----------
    formula : str
        Such as `kept ~ age + factor(wave)`.
    frame : DataFrame
        Where the columns are.

    Returns
    -------
    list of str

    Raises
    ------
    SpecError
        If the formula cannot be read, or names no column or unknown ones.

    Examples
    --------
    >>> named_columns("kept ~ age", pd.DataFrame({"kept": [1], "age": [30], "sex": ["F"]}))
    ['age', 'kept']
    """
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    place, mend = f"formula '{formula}'", "Write it as 'y ~ x + z'"
    try:
        named = Formula(formula).required_variables
    except FormulaicError as error:
        raise SpecError.at(place, f"cannot be read: {_reason(error)}", mend) from None
    wanted = sorted(str(name) for name in named if str(name) not in FUNCTIONS)
    columns = [str(name) for name in frame.columns]
    problems = [
        Problem(place, f"no column is called '{name}'", did_you_mean(name, columns, "Name columns of the data"))
        for name in wanted
        if name not in columns
    ]
    if problems:
        raise SpecError(*problems)
    if not wanted:
        raise SpecError.at(place, "names no column", mend)
    return wanted


def build_regression(formula: str, data: pd.DataFrame) -> tuple[Floats, Covariates]:
    """
    Work out the outcome and the covariates of a formula, row by row.

    Parameters
    ----------
    formula : str
        With one outcome.
    data : DataFrame, shape (n_rows, n_columns)
        Without missing values in the columns named.

    Returns
    -------
    outcome : ndarray of float, shape (n_rows,)
    covariates : Covariates
        With the intercept.

    Raises
    ------
    SpecError
        If the formula cannot be worked out, has no single outcome, or gives values that are not finite.

    Examples
    --------
    >>> outcome, covariates = build_regression("y ~ x", pd.DataFrame({"y": [1, 0], "x": [3, 5]}))
    >>> outcome.tolist(), list(covariates.matrix.columns)
    ([1.0, 0.0], ['Intercept', 'x'])
    """
    built, place = _worked_out(formula, data), f"formula '{formula}'"
    if not hasattr(built, "lhs") or built.lhs.shape[1] != 1:
        mend = "Write one outcome that is a number before '~', such as I(answer == \"Yes\")"
        raise SpecError.at(place, "has no single outcome", mend)
    outcome, matrix = built.lhs.iloc[:, 0].to_numpy(float), pd.DataFrame(built.rhs).astype(float)
    if not np.isfinite(matrix.to_numpy()).all() or not np.isfinite(outcome).all():
        raise SpecError.at(place, "gives infinite or missing values", "Limit rows to those where it can be had")
    right = formula.partition("~")[2]
    spec = built.rhs.model_spec
    unit = np.arange(len(matrix), dtype=np.int64)
    return outcome, Covariates(f"~ {right.strip()}", matrix, unit, _places(spec, matrix.shape[1]), spec)
