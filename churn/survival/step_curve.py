"""What curves of steps share: a value at one time or at many, a short name, and how a notebook shows them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, ClassVar, overload

import numpy as np
import pandas as pd

from surveys.core.arguments import numbers, one_number
from surveys.core.arrays import Floats
from surveys.core.errors import SpecError
from surveys.core.results import Estimate, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 8
COLUMNS = ("estimate", "std_error", "conf_low", "conf_high")


class CurveDisplay(ABC):
    """How a curve is shown: by its summary in a list, with a small table and its drawing in a notebook."""

    __slots__ = ()

    @abstractmethod
    def summary(self) -> str:
        """Say what the curve shows, in one line of English."""

    @abstractmethod
    def plot(self, ax: Axes) -> Axes:
        """Draw the curve and its interval as steps, on the axes given."""

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """Give one row per time."""

    def __repr__(self) -> str:
        """Name the curve and say what it shows."""
        said = "; ".join(self.summary().splitlines())
        return f"<{type(self).__name__}: {said[:400]}>"

    def _repr_html_(self) -> str:
        """Show the summary, rows spread over the curve, and its drawing."""
        frame = self.to_frame()
        rows = np.unique(np.linspace(0, len(frame) - 1, min(SHOWN, len(frame))).round().astype(int))
        table = frame.iloc[rows].to_html(index=False, border=0, na_rep="", float_format="{:.4g}".format)
        return f"<p>{escape(self.summary())}</p>{table}{self._picture()}"

    def _picture(self) -> str:
        from matplotlib.figure import Figure

        file = BytesIO()
        figure = Figure(figsize=(5, 3), layout="constrained")
        self.plot(figure.subplots())
        figure.savefig(file, format="png", dpi=100)
        code = b64encode(file.getvalue()).decode("ascii")
        return f'<img alt="{escape(self.summary(), quote=True)}" src="data:image/png;base64,{code}">'


class StepCurve(CurveDisplay):
    """A curve that is constant between its times, of one value at each."""

    __slots__ = ()
    _columns: ClassVar[tuple[str, ...]]

    @overload
    def at(self, time: float) -> Estimate | Unavailable: ...
    @overload
    def at(self, time: Sequence[float] | Floats | pd.Series) -> pd.DataFrame: ...
    def at(self, time: float | Sequence[float] | Floats | pd.Series) -> Estimate | Unavailable | pd.DataFrame:
        """
        Give the value of the curve at a time, or at each of several.

        Parameters
        ----------
        time : float, or array_like of shape (n,)
            In `time_unit`.

        Returns
        -------
        Estimate or Unavailable, or DataFrame
            Of one time the value, or the reason why there is none: the curve has not begun, or nobody was observed
            for so long. Of several a row each, in the order given: `time`, `estimate`, `std_error`, `conf_low`,
            `conf_high`; NaN where there is no value.

        Raises
        ------
        SpecError
            If a time is no number.

        Examples
        --------
        >>> from churn.survival.kaplan_meier import kaplan_meier
        >>> from churn.tenures.tenures import Tenures
        >>> curve = kaplan_meier(Tenures(duration=[10, 20, 30, 40], event=[True, True, True, False]))
        >>> curve.at(20).estimate
        0.5
        >>> curve.at([5, 20, 90]).estimate.tolist()
        [1.0, 0.5, nan]
        """
        place = f"{type(self).__name__}.at, time"
        axes = np.ndim(time)
        if axes == 0:
            return self._at(one_number(time, place))
        if axes > 1:
            raise SpecError.at(place, f"got {axes} axes, expected a number or a row of numbers", "Correct it")
        times = numbers(time, place)
        rows = [self._row(one_number(one, place)) for one in times]
        return pd.DataFrame(rows, columns=list(COLUMNS), dtype=np.float64).assign(time=times)[["time", *COLUMNS]]

    def _row(self, time: float) -> tuple[float, ...]:
        found = self._at(time)
        if isinstance(found, Unavailable):
            return (np.nan,) * len(COLUMNS)
        return tuple(getattr(found, name) for name in COLUMNS)

    @abstractmethod
    def _at(self, time: float) -> Estimate | Unavailable: ...

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per time.

        Returns
        -------
        DataFrame
            A column for each of the arrays of the curve, `time` first.
        """
        return pd.DataFrame({name: getattr(self, name) for name in self._columns})
