"""Breaks between waves: what was asked, of whom and how, where it is not the same in both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from surveys.study.fields import Label
from surveys.study.schema import STEPS, Step, Survey

Reason = Literal["universe", "mode", "wording", "means", "items_tested"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """
    One thing that differs between two waves.

    Attributes
    ----------
    reason : {"universe", "mode", "wording", "means", "items_tested"}
        Who was to be reached, how they were asked, the words of the question, whether sign-up is of those who
        ever had an account or of those who hold one now, or the length of the list of platforms.
    step : str
        Step whose wording or meaning differs; empty for the other reasons.
    before, after : label or int or None
        What each wave says; None where one of two lengths of the list is not known.
    """

    reason: Reason
    step: str = ""
    before: Label | int | None
    after: Label | int | None

    @property
    def known(self) -> bool:
        """Whether both waves say what they did, so that the difference is certain."""
        return self.before is not None and self.after is not None


def breaks_between(before: Survey, after: Survey, *, steps: tuple[Step, ...] = STEPS) -> tuple[Break, ...]:
    """
    Compare how two waves asked.

    Parameters
    ----------
    before, after : Survey
        Two waves.
    steps : tuple of str
        Steps whose wording matters.

    Returns
    -------
    tuple of Break
        What both say and say differently; what only one of them says cannot be told to differ.

    Examples
    --------
    >>> waves = [Survey(wave=wave, file="", mode=mode) for wave, mode in (("1", "telephone"), ("2", "online"))]
    >>> [(found.reason, found.before, found.after) for found in breaks_between(*waves)]
    [('mode', 'telephone', 'online')]
    """
    pairs: list[tuple[Reason, str, Label | int | None, Label | int | None]] = [
        ("universe", "", before.universe, after.universe),
        ("mode", "", before.mode, after.mode),
        *(("wording", step, before.wording.get(step), after.wording.get(step)) for step in steps),
        *((("means", "signup", *_means(before, after)),) if "signup" in steps else ()),
        ("items_tested", "", before.items_tested, after.items_tested),
    ]
    return tuple(
        Break(reason=reason, step=step, before=one, after=other)
        for reason, step, one, other in pairs
        if one is not None and other is not None and one != other
    )


def _means(before: Survey, after: Survey) -> tuple[str | None, str | None]:
    """Say what sign-up is stated to mean in each of two waves, of the first platform of which both do."""
    for name in before.platform.keys() & after.platform.keys():
        one, other = (wave.platform[name].signup for wave in (before, after))
        if one is not None and other is not None and one.means and other.means and one.means != other.means:
            return one.means, other.means
    return None, None


def list_breaks(before: Survey, after: Survey) -> tuple[Break, ...]:
    """
    Compare two waves for a figure that depends on the whole list of platforms tested.

    Parameters
    ----------
    before, after : Survey
        Two waves.

    Returns
    -------
    tuple of Break
        As `breaks_between`, and a list whose length is not known in one of them: such a figure can be
        compared only where the list is known to be the same.

    Examples
    --------
    >>> waves = [Survey(wave=wave, file="", items_tested=n) for wave, n in (("1", None), ("2", 17))]
    >>> [(found.reason, found.known) for found in list_breaks(*waves)]
    [('items_tested', False)]
    """
    found = breaks_between(before, after)
    if before.items_tested is None or after.items_tested is None:
        found += (Break(reason="items_tested", before=before.items_tested, after=after.items_tested),)
    return found


def breaks_series(breaks: tuple[Break, ...]) -> bool:
    """
    Tell whether breaks forbid joining two values of one platform into a line.

    A longer list of other platforms does not change what is asked about one of them: it is told beside
    the change, and only a figure over the whole list is broken by it.

    Examples
    --------
    >>> longer = Break(reason="items_tested", before=12, after=17)
    >>> breaks_series((longer,)), breaks_series((longer, Break(reason="mode", before="telephone", after="online")))
    (False, True)
    """
    return any(found.reason != "items_tested" for found in breaks)
