"""What counts as gone, and when: the rule every duration rests on."""

from __future__ import annotations

from dataclasses import dataclass

from churn.tenures.rule_kinds import rule_kind, rule_names
from surveys.core.errors import SpecError, StudyError, did_you_mean
from surveys.core.results import Note
from surveys.study.usage import Dropout


@dataclass(frozen=True, slots=True)
class DropoutRule:
    """
    What counts as gone, and when.

    Attributes
    ----------
    rule : {'next_visit', 'inactive', 'first_silence', 'detected', 'closed'} or str
        Or another that was registered.
        `next_visit`: gone after a tenure if never seen again, as `churn.next_visit.estimate` estimates it; where
        accounts have to be called gone or not one by one, as `inactive`. `inactive`: gone if nothing is seen in the
        last `gap_days` of the window, dated at the last activity; everybody else is censored `gap_days` before the
        end. `first_silence`: gone at the first `gap_days` in a row without activity, whatever follows, dated at the
        last activity before them; everybody else is censored `gap_days` before the end. `detected`: as `inactive`,
        but dated when the `gap_days` are over; everybody else is censored at the end. `closed`: gone when the
        account was closed; everybody else is censored when observation ends.
    gap_days : int
        Days of silence after which an account is taken to be gone; not used by `closed`, nor by the curve of
        `next_visit`.

    Notes
    -----
    Dating both dropout and censoring at the last activity, or censoring at the end of the log,
    overstates how long accounts stay: an account silent for less than the gap is then counted as
    staying for days on which it may already be gone. Judging everybody as of `gap_days` before the
    end gives each account the same chance to be found gone. `detected` gives the curve of `inactive`,
    later by the gap: the time until an account is declared gone. `first_silence` takes every absence for
    a departure, and so finds shorter stays wherever accounts come back.

    Examples
    --------
    >>> print(DropoutRule("inactive", 30).describe())
    an account is gone when it shows nothing for 30 days; the dropout is dated at its last activity
    >>> print(DropoutRule("first_silence", 30).describe())
    an account is gone at its first 30 days without activity, even if it comes back; the dropout is dated at its
        last activity before them
    """

    rule: str = "inactive"
    gap_days: int = 30

    def __post_init__(self) -> None:
        """Refuse a rule that is none, and a gap that is not a whole number of days."""
        known = rule_names()
        if self.rule not in known:
            what = f"got '{self.rule}', expected one of {', '.join(known)}"
            raise SpecError.at("DropoutRule.rule", what, did_you_mean(self.rule, known, "Choose one of them"))
        if self.gap_days < 1 or self.gap_days != int(self.gap_days):
            raise SpecError.at("DropoutRule.gap_days", f"got {self.gap_days}", "Give whole days, at least 1")

    @classmethod
    def of(cls, dropout: Dropout) -> DropoutRule:
        """Take the rule from the `dropout` of a study."""
        name, known = dropout.rule or "inactive", rule_names()
        if name not in known:
            what = f"got '{name}' for 'rule', expected one of {', '.join(known)}"
            raise StudyError.at("study.toml, usage.dropout", what, did_you_mean(name, known, "Choose one of them"))
        return cls(name, dropout.gap_days)

    @property
    def for_labels(self) -> DropoutRule:
        """
        Give the rule by which accounts are called gone or not, one by one.

        Examples
        --------
        >>> DropoutRule("next_visit", 45).for_labels
        DropoutRule(rule='inactive', gap_days=45)
        """
        return DropoutRule("inactive", self.gap_days) if self.rule == "next_visit" else self

    def describe(self) -> Note:
        """Say the rule in one clause."""
        return rule_kind(self.rule).describe(self.gap_days)
