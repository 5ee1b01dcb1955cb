"""What models of the logarithm of a hazard ratio share: their table, and their drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from surveys.core.arrays import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class LogRatios(Protocol):
    """Coefficients of a model, one for each covariate, with their errors, tests and intervals."""

    @property
    def index(self) -> pd.Index:
        """Covariates."""
        ...

    @property
    def estimate(self) -> Floats:
        """Logarithms of hazard ratios, shape (k,)."""
        ...

    @property
    def conf_low(self) -> Floats:
        """Lower limits, shape (k,)."""
        ...

    @property
    def conf_high(self) -> Floats:
        """Upper limits, shape (k,)."""
        ...


def ratio_table(found: LogRatios) -> pd.DataFrame:
    """
    Give one row per covariate.

    Parameters
    ----------
    found : LogRatios
        A fitted model, with `std_error`, `z` and `p_value`.

    Returns
    -------
    DataFrame
        `term`, `estimate`, `std_error`, `z`, `p_value`, `conf_low`, `conf_high`, and `hazard_ratio`,
        `hazard_ratio_low`, `hazard_ratio_high`.

    Examples
    --------
    >>> from churn.regression.cox import Cox
    >>> from churn.tenures.tenures import Tenures
    >>> plan = pd.DataFrame({"plan": ["a", "b", "b", "a"] * 3})
    >>> tenures = Tenures(duration=range(1, 13), event=[1, 1, 0] * 4, attributes=plan)
    >>> ratio_table(Cox("~ plan").fit(tenures)).columns.tolist()[-3:]
    ['hazard_ratio', 'hazard_ratio_low', 'hazard_ratio_high']
    """
    names = ("estimate", "std_error", "z", "p_value", "conf_low", "conf_high")
    columns: dict[str, object] = {"term": list(found.index)} | {name: getattr(found, name) for name in names}
    ends = {"": found.estimate, "_low": found.conf_low, "_high": found.conf_high}
    return pd.DataFrame(columns | {f"hazard_ratio{end}": np.exp(value) for end, value in ends.items()})


def plot_ratios(found: LogRatios, ax: Axes) -> Axes:
    """
    Draw each hazard ratio as a point on its interval, on a logarithmic axis, the first at the top.

    Parameters
    ----------
    found : LogRatios
        A fitted model.
    ax : Axes
        Where to draw.

    Returns
    -------
    Axes
        The same.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from matplotlib.figure import Figure
    >>> one = SimpleNamespace(index=["age"], estimate=np.zeros(1), conf_low=-np.ones(1), conf_high=np.ones(1))
    >>> plot_ratios(one, Figure().subplots()).get_xscale()
    'log'
    """
    height = -np.arange(len(found.index), dtype=float)
    ax.set_xscale("log")
    ax.hlines(height, np.exp(found.conf_low), np.exp(found.conf_high))
    ax.plot(np.exp(found.estimate), height, "o")
    return ax
