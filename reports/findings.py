"""Findings: short sentences that rules make from results, the most telling first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reports.figures.survival import lasting
from reports.labels import group_label, level_label, platform_label, wave_label, with_interval
from reports.lookup import FunnelRow, funnel_rows, latest_wave, main_platform
from reports.printer import Printer
from reports.recipe import Results
from surveys.claims import Verdict
from surveys.errors import SpecError
from surveys.funnel import Measure
from surveys.group_gaps import widest_gap
from surveys.results import Estimate
from surveys.study import Step

HELD: tuple[Verdict, ...] = ("supported", "consistent")
A_COUNT = "a count of sentences"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    A sentence with its numbers, their intervals and their base.

    Attributes
    ----------
    rule : str
        Name of the rule that made it.
    text : str
        The sentence, in the language of the report.
    decided : bool
        Whether its interval leaves out what would make it no finding, such as no change.
    """

    rule: str
    text: str
    decided: bool = True


def find(results: Results, printer: Printer) -> tuple[Finding, ...]:
    """
    Say in sentences what the results say.

    Parameters
    ----------
    results : Results
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    tuple of Finding
        Those that the data decide come first; among them, and among the others, in the order of the
        questions: who has heard, signed up, left, why, for whom, and whether what was printed holds.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.printer import open_printer
    >>> found = find(example_results(), open_printer("en"))
    >>> found[0].rule, all(finding.text.endswith(".") for finding in found)
    ('heard', True)
    """
    found = [finding for rule in RULES if (finding := rule(results, printer)) is not None]
    return tuple(sorted(found, key=lambda finding: not finding.decided))


def _heard(results: Results, printer: Printer) -> Finding | None:
    """Awareness in the last wave, and in the first."""
    ends = _ends(results, "aware", "cumulative")
    if ends is None:
        return None
    first, last = ends
    text = printer.say(
        "{last} had heard of {platform} in {then}, {first} in {when} (base: all respondents, {n} and {m}).",
        platform=platform_label(printer, results.study, last.platform),
        **_told(results, printer, first, last),
    )
    return Finding(rule="heard", text=text, decided=_apart(first.estimate, last.estimate))


def _signed_up(results: Results, printer: Printer) -> Finding | None:
    """Sign-up per aware person in the last wave, and in the first."""
    ends = _ends(results, "signup", "conversion")
    if ends is None:
        return None
    first, last = ends
    text = printer.say(
        "Of those who had heard of it, {last} held an account in {then}, {first} in {when} "
        "(base: {n} and {m} respondents who had heard of it).",
        **_told(results, printer, first, last),
    )
    return Finding(rule="signed-up", text=text, decided=_apart(first.estimate, last.estimate))


def _left(results: Results, printer: Printer) -> Finding | None:
    """One-month dropout of the log."""
    if results.staying is None or results.study.usage is None or not isinstance(results.staying.dropout, Estimate):
        return None
    dropout = results.staying.dropout
    text = printer.say(
        "{share} of the accounts opened were gone after {time} (base: {n} accounts of the log).",
        share=with_interval(printer, "dropout", dropout),
        time=lasting(printer, results.study.usage.horizon, results.staying.curve.time_unit),
        n=printer.numbers.count(dropout.n or 0),
    )
    return Finding(rule="left", text=text)


def _stayed(results: Results, printer: Printer) -> Finding | None:
    """Share and number of people who signed up and stayed, in the last wave."""
    if not results.joint:
        return None
    joint = results.joint[-1]
    people, share = joint.people("stayed"), joint.cumulative["stayed"]
    if not isinstance(people, Estimate):
        return None
    identifier = f"joint.{joint.wave}.{joint.platform}.stayed"
    text = printer.say(
        "{share} had signed up and stayed a month in {wave}: {people} people, with the uncertainty of survey and "
        "log both (base: {n} respondents, times the log).",
        share=with_interval(printer, identifier, share),
        people=with_interval(printer, f"{identifier}.people", people),
        wave=_wave(results, printer, joint.wave),
        n=printer.numbers.count(share.n or 0),
    )
    return Finding(rule="stayed", text=text)


def _for_whom(results: Results, printer: Printer) -> Finding | None:
    """Two levels of a group between which holding an account differs most."""
    platform = main_platform(results.study)
    survey = latest_wave(results.study, platform)
    if results.funnel is None or survey is None or "signup" not in survey.platform[platform].steps():
        return None
    gaps = []
    for group in survey.group:
        try:
            gaps.append(widest_gap(results.funnel, wave=survey.wave, platform=platform, group=group))
        except SpecError:
            continue
    if not gaps:
        return None
    gap = max(gaps, key=lambda found: found.difference.estimate)
    shares = {}
    for name, level, share in (("high", gap.high, gap.high_share), ("low", gap.low, gap.low_share)):
        identifier = f"funnel.{survey.wave}.{platform}.{gap.group}.{level}.signup.cumulative"
        shares[f"{name}_share"] = with_interval(printer, identifier, share)
        shares[f"{name}_level"] = level_label(printer, survey, gap.group, level)
    text = printer.say(
        "For whom ({group}): {high_share} hold an account among {high_level}, {low_share} among {low_level} in {wave} "
        "(base: {n} and {m} respondents; the widest of {pairs} differences).",
        **shares,
        group=group_label(printer, survey, gap.group),
        wave=wave_label(printer, survey),
        n=printer.numbers.count(gap.high_share.n or 0),
        m=printer.numbers.count(gap.low_share.n or 0),
        pairs=printer.value(
            "gap.pairs", gap.n_pairs, unit="count", why_no_interval="a count of pairs of levels compared"
        ),
    )
    return Finding(rule="for-whom", text=text, decided=gap.difference.conf_low > 0)


def _by_definition(results: Results, printer: Printer) -> Finding | None:
    """How far the definition of dropout moves the headline."""
    if results.staying is None or results.staying.activity is None:
        return None
    fan = results.staying.activity.definitions
    low, high = (
        printer.value(
            f"definitions.{which}",
            value,
            unit="share",
            digits=1,
            why_no_interval="the range of definitions, each with its interval in the table of definitions",
        )
        for which, value in zip(("least", "most"), fan.range, strict=True)
    )
    text = printer.say(
        "By what “a month” and “gone” mean, the same log gives a one-month dropout from {low} to {high} (base: {n} to "
        "{m} accounts that could be judged).",
        low=low,
        high=high,
        n=printer.numbers.count(int(fan.n.min())),
        m=printer.numbers.count(int(fan.n.max())),
    )
    return Finding(rule="by-definition", text=text)


def _printed(results: Results, printer: Printer) -> Finding | None:
    """How many sentences hold up."""
    if not results.claims:
        return None
    counted: Counter[Verdict] = Counter(claim.verdict for claim in results.claims)
    counts = {
        "held": sum(counted[verdict] for verdict in HELD),
        "beside": counted["overstated"] + counted["understated"],
        "contradicted": counted["contradicted"],
        "unchecked": counted["not checkable"],
        "total": len(results.claims),
    }
    text = printer.say(
        "Sentences in print: {held} in agreement with the figures they rest on, {beside} saying too much or too little, "
        "{contradicted} contradicted, {unchecked} not checkable as they stand (base: {total} sentences).",
        **{
            name: printer.value(f"claims.{name}", count, unit="count", why_no_interval=A_COUNT)
            for name, count in counts.items()
        },
    )
    return Finding(rule="printed", text=text)


Rule = Callable[[Results, Printer], Finding | None]
RULES: Sequence[Rule] = (_heard, _signed_up, _left, _stayed, _for_whom, _by_definition, _printed)
"""In the order of the questions that a study answers."""


def _ends(results: Results, step: Step, measure: Measure) -> tuple[FunnelRow, FunnelRow] | None:
    """Find the first and the last wave that measured a step of the main platform, if they are two."""
    if results.funnel is None:
        return None
    line = funnel_rows(results.funnel, platform=main_platform(results.study), group="", step=step, measure=measure)
    return (line[0], line[-1]) if len(line) > 1 else None


def _told(results: Results, printer: Printer, first: FunnelRow, last: FunnelRow) -> dict[str, str]:
    return {
        "first": with_interval(printer, first.id, first.estimate),
        "last": with_interval(printer, last.id, last.estimate),
        "when": _wave(results, printer, first.wave),
        "then": _wave(results, printer, last.wave),
        "n": printer.numbers.count(last.estimate.n or 0),
        "m": printer.numbers.count(first.estimate.n or 0),
    }


def _wave(results: Results, printer: Printer, wave: str) -> str:
    return next((wave_label(printer, survey) for survey in results.study.survey if survey.wave == wave), wave)


def _apart(first: Estimate, last: Estimate) -> bool:
    return first.conf_high < last.conf_low or last.conf_high < first.conf_low
