"""One figure that a publisher printed, with an interval for its sampling and its rounding."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from surveys.core.intervals import wilson_interval
from surveys.core.results import Estimate, Note, Unavailable
from surveys.published._printed import Bound
from surveys.study.fieldwork import Fieldwork
from surveys.study.units import Unit, read_unit

AS_THEY_WERE = {"million per month": Unit(kind="accounts", scale=1e6, per="month")}
ALL_OF = re.compile(r"(?:all|every|toutes les|tous les)\s+(?P<things>.+)", re.IGNORECASE)

N_NOT_PUBLISHED = Note("the publisher gives no number of respondents")
NOT_A_SAMPLE = Note("a count, not a sample: no sampling error")
A_FULL_COUNT = Note("a count of all, with no sampling error")
ERROR_UNKNOWN = Note("estimated by the publisher’s own model, whose error is not known")
A_CHANGE = Note("a change, not a share of people: its sampling error is not known")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFigure:
    """
    One number that a publisher printed.

    Attributes
    ----------
    id : str
        Name of the row in the file of published figures.
    entity, country, measure, subgroup, wave : str
        What it measures, of which service, where, among whom and when, in the file's own words.
    value : float
        In `unit`: a share between 0 and 1, or a count.
    unit : str
        `share`, `people`, `accounts`, or the file's own word.
    half_unit : float
        Half of the last printed digit, in `unit`: rounding alone allows this much either way.
    base : str
        The people the figure is of.
    n : int or None
        Respondents, where the publisher says so.
    date, publisher, source, kind, confidence : str
        Where it comes from, and how far it can be relied on.
    conflicts_with : tuple of str
        Identifiers of figures that say otherwise.
    mode, note, source_url : str
        How people were asked, remarks, and where the source can be read.
    fieldwork : Fieldwork or None
        The days within which it was measured, as far as the file says them.
    line : int
        Where it stands in the file, as a spreadsheet counts; 0 where it is of no file.
    printed, unit_printed : str
        Value and unit as the file has them.
    per : str
        Of a rate, what it is per: `day`, `user`.
    bound : str
        `below` for a value printed as `<8`, `above` for `>8`.
    margin : float or None
        Margin of error that the publisher gives, at 95 %, in `unit`.
    deff : float
        Design effect by which `n` is divided.
    """

    id: str
    entity: str
    country: str
    measure: str
    subgroup: str
    wave: str
    value: float
    unit: str
    half_unit: float
    base: str
    n: int | None
    date: str
    publisher: str
    source: str
    kind: str
    confidence: str
    conflicts_with: tuple[str, ...]
    mode: str = ""
    note: str = ""
    source_url: str = ""
    fieldwork: Fieldwork | None = None
    line: int = 0
    printed: str = ""
    unit_printed: str = ""
    per: str = ""
    bound: Bound = ""
    margin: float | None = None
    deff: float = 1.0

    @property
    def is_full_count(self) -> bool:
        """Whether it counts all, so that sampling adds nothing: by its `kind`, or as a share of all of some things."""
        if self.kind != "published" or self.n is not None:
            return self.kind == "count"
        told = ALL_OF.fullmatch(self.base.strip())
        things = None if told is None else read_unit(told["things"])
        return things is not None and things.kind not in ("share", "people")

    @property
    def is_claim(self) -> bool:
        """Whether it is itself a claim of the press."""
        return self.kind in ("claim", "press_claim")

    @property
    def is_typed(self) -> bool:
        """Whether its unit is one that is known."""
        return not self.unit_printed or unit_of_figure(self.unit_printed) is not None

    def interval(self, conf_level: float = 0.95) -> Estimate | Unavailable:
        """
        Give the figure with an interval for sampling and rounding.

        Parameters
        ----------
        conf_level : float
            Between 0 and 1.

        Returns
        -------
        Estimate or Unavailable
            A share: Wilson's interval from the lowest value that rounds to the printed one to the
            highest. A count: its rounding. Unavailable for a share whose `n` is not published.

        Notes
        -----
        Quota samples have no known sampling distribution; for them Wilson's interval [1]_ is a lower
        bound of the uncertainty.

        References
        ----------
        .. [1] E. B. Wilson (1927), "Probable inference, the law of succession, and statistical
           inference", *Journal of the American Statistical Association* 22, 209-212.

        Examples
        --------
        >>> figure = PublishedFigure(
        ...     id="ifop_w3_twitter_aware", entity="Twitter", country="FR", measure="awareness", subgroup="",
        ...     wave="W3", value=0.28, unit="share", half_unit=0.005, base="web users 18+", n=1015,
        ...     date="2009-06", publisher="Ifop", source="", kind="published", confidence="high",
        ...     conflicts_with=())
        >>> figure.interval().summary()
        '28.0% [24.8%, 31.4%], n = 1,015'
        """
        low, high = self.value - self.half_unit, self.value + self.half_unit
        method, notes = "rounding", self._notes()
        sampled = self.unit == "share" and not notes
        if sampled and self.margin is None:
            if self.n is None:
                return Unavailable(N_NOT_PUBLISHED)
            n = self.n / self.deff
            low = float(wilson_interval(max(low, 0.0), n, conf_level)[0])
            high = float(wilson_interval(min(high, 1.0), n, conf_level)[1])
            method = "Wilson, widened by rounding"
        elif self.margin is not None:
            low, high = low - self.margin, high + self.margin
            method = "margin of the publisher"
        if sampled:
            low, high = max(low, 0.0), min(high, 1.0)
        if self.bound == "below":
            low = min(low, 0.0)
        elif self.bound == "above":
            high = 1.0 if sampled else math.inf
        return Estimate(
            estimate=self.value,
            std_error=math.nan,
            conf_low=low,
            conf_high=high,
            conf_level=conf_level,
            n=self.n,
            unit=self.unit,
            method=method,
            notes=notes,
        )

    def _notes(self) -> tuple[Note, ...]:
        """Say why its interval is not one of sampling; nothing of a share of people asked."""
        if self.kind == "estimate":
            return (ERROR_UNKNOWN,)
        if self.unit != "share":
            return (NOT_A_SAMPLE,)
        if self.is_full_count:
            return (A_FULL_COUNT,)
        return () if 0 <= self.value <= 1 else (A_CHANGE,)


def unit_of_figure(text: str) -> Unit | None:
    """
    Read the unit of a figure.

    Parameters
    ----------
    text : str
        As the file has it.

    Returns
    -------
    Unit or None
        None where its words are not known.

    Examples
    --------
    >>> unit_of_figure("percent of active web users")
    Unit(kind='share', scale=0.01, per='')
    """
    return AS_THEY_WERE.get(text) or read_unit(text)
