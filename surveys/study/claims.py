"""`[[claim]]`: sentences to check, and what each is held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from surveys.core.errors import Problem
from surveys.study.fields import Label, Section
from surveys.study.short_claims import expand_claim

Says = Literal[
    "equals", "about", "almost", "more than", "less than", "at least", "at most", "rises", "falls", "rose by",
    "fell by", "none exceeds", "fastest", "will"
]  # fmt: skip
SUPERLATIVES: tuple[Says, ...] = ("none exceeds", "fastest")
MOST_GROWTH = 10
"""A share above this is a percentage that lost its sign, and no growth."""
DifferenceKind = Literal["base", "date", "definition", "unit", "wording", "list", "mode"]

ITSELF = "claim"
"""In a check of consistency, the number that the sentence gives."""


class Reading(Section):
    """
    `[[claim.reading]]`: one way to answer the claim from figures.

    `inputs` names published figures, or the study's own results, and `formula` joins them; with one input
    it is left out. For a claim about the most active, `top` says of how many accounts each input gives
    the share. `differs` says in what the answer is not what the claim speaks of, a sentence for each kind
    of difference; those in `decisive` keep it from being an answer. `measure` says what the formula
    measures where none of its inputs does.
    """

    inputs: dict[str, str] = Field(min_length=1)
    formula: str | None = None
    top: dict[str, float] = Field(default_factory=dict)
    measure: str | None = None
    label: Label | None = None
    differs: dict[DifferenceKind, Label] = Field(default_factory=dict)
    decisive: tuple[DifferenceKind, ...] = ()

    @model_validator(mode="after")
    def _parts_fit(self) -> Reading:
        if self.top and self.top.keys() != self.inputs.keys():
            raise ValueError(f"top needs one share for each input, {', '.join(self.inputs)}")
        if any(not 0 < top < 1 for top in self.top.values()):
            raise ValueError("expected each top between 0 and 1")
        if self.top and self.formula is not None:
            raise ValueError("expected top or a formula, not both")
        if len(self.inputs) > 1 and self.formula is None and not self.top:
            raise ValueError("several inputs need a formula")
        unsaid = [kind for kind in self.decisive if kind not in self.differs]
        if unsaid:
            raise ValueError(f"decisive names {', '.join(unsaid)}, which differs does not explain")
        return self


class Consistency(Section):
    """
    `[[claim.consistency]]`: what must hold among figures whatever their value.

    A total lies `between` its parts, parts `sum` to it, and of `nested` parts none is larger than the one
    before it. `claim` stands for the number that the sentence gives. `slack` is what may be off: the
    `rounding`, for figures of one sample, or the `sampling` too. Where it fails and `differs` explains
    why the figures might not be comparable, the claim is not checkable; otherwise it is contradicted.
    """

    kind: str
    total: str | None = None
    parts: tuple[str, ...] = Field(min_length=2)
    slack: Literal["rounding", "sampling"] = "rounding"
    differs: dict[DifferenceKind, Label] = Field(default_factory=dict)


class Claim(Section):
    """
    `[[claim]]`: a sentence to check, restated in our own words, and what to hold it against.

    Three keys suffice: `statement`, `value` and `evidence`. `value` is a number or words: `82 %`, `one in five`,
    `almost a third`, `doubled`, `39 points`, `more than 10 million people`; `evidence` a figure, a formula over
    figures (`daily / accounts`), a change (`peak -> july`), or a list of these, each a source. `id`, `unit`,
    `half_unit`, `measure`, `date` and `of` are inferred; `check --claims` shows how.

    The number claimed is `value`, or lies from `low` to `high`, in `unit`; `half_unit` is half of the
    last digit that the sentence gives. `says` tells whether it is the number, `about` or `almost` it, a bound of it
    (`more than`, `less than`, `at least`, `at most`), a change (`rises` and `falls` by a signed number of points, `rose
    by` and `fell by` a positive one), what `none exceeds`, that something is the `fastest` (the formula is of another
    over it), or what `will` be, `by` a date. `of` is the base, `entity`, `country` and `subgroup` whom it speaks of,
    `label` a few words for figures. `top` is the share of accounts, most active first, that a concentration is of.
    `arithmetic` is the claim's own sum; `needs` says what would answer it, where nothing here does.
    """

    id: str
    label: Label | None = None
    statement: Label
    source: Label = ""
    date: str = ""
    by: str = ""
    entity: str | None = None
    country: str | None = None
    subgroup: str = ""
    measure: str = ""
    unit: str = "share"
    of: Label = ""
    says: Says = "equals"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    half_unit: float = Field(default=0.0, ge=0)
    top: float | None = Field(default=None, gt=0, lt=1)
    headline: bool = False
    arithmetic: str | None = None
    needs: Label | None = None
    reading: tuple[Reading, ...] = ()
    consistency: tuple[Consistency, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _written_short(cls, raw: Any) -> Any:
        return expand_claim(raw) if isinstance(raw, Mapping) else raw

    @model_validator(mode="after")
    def _says_one_number(self) -> Claim:
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high go together")
        if (self.value is None) == (self.low is None) and (self.states_number or self._is_held_against_something):
            raise ValueError("expected value, or low and high")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"expected low below high, got {self.low:g} and {self.high:g}")
        if self.low is not None and self.says not in ("equals", "will"):
            raise ValueError(f"'{self.says}' needs one value, not low and high")
        return self

    @model_validator(mode="after")
    def _is_possible(self) -> Claim:
        low, high = self.ends
        if self.unit == "share" and high > MOST_GROWTH:
            raise ValueError(f'a share lies between 0 and 1, got {high:g}; write "{high:g} %"')
        if self.says == "falls" and self.value is not None and self.value > 0:
            raise ValueError(f'falls by {high:g}, above 0; write {-high:g}, or says = "fell by"')
        if self.says == "rises" and self.value is not None and self.value < 0:
            raise ValueError(f'rises by {high:g}, below 0; write {-high:g}, or says = "falls"')
        if self.unit not in ("points", "share") and low < 0:
            raise ValueError(f"expected a number above 0, got {low:g}")
        if self.unit == "share" and low < 0:
            raise ValueError(f'a share lies between 0 and 1, got {low:g}; write says = "fell by" for a fall')
        return self

    @model_validator(mode="after")
    def _can_be_checked(self) -> Claim:
        if not (self.reading or self.consistency or self.arithmetic or self.needs):
            raise ValueError("expected evidence, a consistency or an arithmetic to hold it against, or what it needs")
        if any(bool(reading.top) != (self.top is not None) for reading in self.reading):
            raise ValueError("top goes in the claim and in each of its readings, or in none")
        return self

    @property
    def states_number(self) -> bool:
        """Whether it gives a number; one that only says what would answer it need not."""
        return self.value is not None or self.low is not None

    @property
    def _is_held_against_something(self) -> bool:
        return bool(self.reading or self.consistency or self.arithmetic or self.needs is None)

    @property
    def ends(self) -> tuple[float, float]:
        """Ends of the range claimed; the same number twice where it claims one."""
        if self.value is not None:
            return self.value, self.value
        return self.low or 0.0, self.high or 0.0

    @property
    def claimed(self) -> float:
        """Give the number claimed, or the middle of the range."""
        return sum(self.ends) / 2


def problems_of_claims(claims: Sequence[Claim], languages: Sequence[str]) -> Iterator[Problem]:
    """
    Name claims that have one id, and those that are not worded in a language of the study.

    Parameters
    ----------
    claims : sequence of Claim
        Of one study.
    languages : sequence of str
        In which the study is reported.

    Yields
    ------
    Problem
        One for each id that stands twice, and for each label that lacks a language.

    Examples
    --------
    >>> claim = Claim.model_validate({"id": "x", "statement": {"fr": "moitié"}, "value": "half", "arithmetic": "1/2"})
    >>> print(next(problems_of_claims([claim], ["fr", "en"])))
    study.toml, [[claim]] 'x', statement: nothing in en, expected fr and en. Add en = "…".
    """
    for name, count in Counter(claim.id for claim in claims).items():
        if count > 1:
            place = f"study.toml, [[claim]] '{name}'"
            yield Problem(place, f"{count} claims have this id", "Give each an id of its own")
    for claim in claims:
        for key, label in (("statement", claim.statement), ("source", claim.source), ("of", claim.of)):
            lacking = [] if isinstance(label, str) else [one for one in languages if one not in label]
            if lacking:
                what = f"nothing in {', '.join(lacking)}, expected {' and '.join(languages)}"
                yield Problem(f"study.toml, [[claim]] '{claim.id}', {key}", what, f'Add {lacking[0]} = "…"')
