"""`[[claim]]`: sentences to check, and what each is held against."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from surveys.section import Label, Section


class Evidence(Section):
    """
    One published figure that a claim is held against.

    `differs` says in what the figure is not what the claim speaks of, one sentence for each of
    base, date and definition; a country or a measure that differs is noticed without it.
    """

    id: str
    top: float | None = Field(default=None, gt=0, lt=1)
    differs: dict[Literal["base", "date", "definition"], Label] = Field(default_factory=dict)


class Claim(Section):
    """
    `[[claim]]`: a sentence to check, restated in our own words, and what to hold it against.

    `estimand` says how the value is reached: a `share` of a base, a number of `people` (a share
    times a population, or a count), or the share of messages of the `top_share` most active.
    """

    id: str
    statement: Label
    source: str
    date: str = ""
    estimand: Literal["share", "people", "top_share"]
    value: float = Field(gt=0)
    half_unit: float = Field(default=0.0, ge=0)
    measure: str
    country: str | None = None
    of: Label
    top: float | None = Field(default=None, gt=0, lt=1)
    evidence: tuple[Evidence, ...] = Field(min_length=1)
    population: Evidence | None = None
    claimed_population: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _parts_fit(self) -> Claim:
        if self.estimand != "people" and self.value >= 1:
            raise ValueError(f"a share lies between 0 and 1, got {self.value:g}")
        if self.estimand == "top_share" and (self.top is None or any(e.top is None for e in self.evidence)):
            raise ValueError("estimand 'top_share' needs top, in the claim and in each piece of evidence")
        if (self.population is None) != (self.claimed_population is None):
            raise ValueError("population and claimed_population go together")
        return self
