"""Findings on who has heard, who signed up, who stayed, what steps account for, and for whom."""

from __future__ import annotations

from churn.adoption.joint import JointFunnel
from reports.findings.finding import Finding
from reports.results.lookup import FunnelRow, funnel_rows, joint_id, latest_wave, main_platform
from reports.results.study import StudyResults
from reports.words.durations import horizon_words
from reports.words.funnels import end_label
from reports.words.labels import (
    asked_in,
    group_label,
    held,
    holding,
    level_label,
    platform_label,
    wave_label,
    with_interval,
)
from reports.words.printer import Printer
from surveys.core.errors import SpecError
from surveys.core.results import Estimate
from surveys.funnel.funnel import Measure
from surveys.funnel.group_gaps import widest_gap
from surveys.study.schema import Step


def find_heard(results: StudyResults, printer: Printer) -> Finding | None:
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


def find_signed_up(results: StudyResults, printer: Printer) -> Finding | None:
    """Sign-up per aware person in the last wave, and in the first."""
    ends = _ends(results, "signup", "conversion")
    if ends is None:
        return None
    first, last = ends
    text = printer.say(
        "Of those who had heard of it, {last} {held} in {then}, {first} in {when} "
        "(base: {n} and {m} respondents who had heard of it).",
        held=held(printer, asked_in(results.study.survey, last.platform)),
        **_told(results, printer, first, last),
    )
    return Finding(rule="signed-up", text=text, decided=_apart(first.estimate, last.estimate))


def find_stayed(results: StudyResults, printer: Printer) -> Finding | None:
    """Share and number of people who signed up and stayed, in the last wave."""
    if not results.joint:
        return None
    joint = results.joint[-1]
    people, share = joint.people("stayed"), joint.cumulative["stayed"]
    if not isinstance(people, Estimate):
        return None
    words = {
        "share": with_interval(printer, joint_id(joint), share),
        "time": horizon_words(printer, results.study),
        "people": with_interval(printer, f"{joint_id(joint)}.people", people),
        "wave": _wave(results, printer, joint.wave),
        "n": printer.numbers.count(share.n or 0),
    }
    if joint.staying == "log":
        text = printer.say(
            "{share} had signed up and stayed {time} in {wave}: {people} people, with the uncertainty of survey and "
            "log both, where an account is a person (base: {n} respondents, times the log).",
            **words,
        )
        return Finding(rule="stayed", text=text)
    text = printer.say(
        "{share} had signed up and stayed {time} in {wave}, as people recall it: {people} people (base: {n} "
        "respondents, {m} of whom told when they left).",
        **words,
        m=printer.numbers.count(joint.conditional["stayed"].n or 0),
    )
    measures = None if results.adoption is None else results.adoption.measures
    if measures is not None:
        other = measures.funnels["log"]
        text += " " + printer.say(
            "By the log, which counts accounts, it is {other}.",
            other=with_interval(printer, joint_id(other), other.cumulative["stayed"]),
        )
    return Finding(rule="stayed", text=text)


def find_why(results: StudyResults, printer: Printer) -> Finding | None:
    """Say what awareness and sign-up account for in the difference between the first wave and the last."""
    own = [each for each in (results.adoption.comparisons if results.adoption else ()) if each.first is None]
    if not own:
        return None
    found = own[0].decomposition
    if not {"aware", "signup"} <= set(found.steps):
        return None
    first, last = found.first, found.second
    text = printer.say(
        "From {when} to {then} the {end} was multiplied by {ratio}: awareness accounts for a factor of {aware}, "
        "sign-up per aware person for one of {signup} (base: {m} and {n} respondents).",
        end=end_label(printer, found.steps[-1], horizon_words(printer, results.study)),
        ratio=with_interval(printer, "why.ratio", found.ratio, digits=1),
        aware=with_interval(printer, "why.aware", found.ratios["aware"], digits=1),
        signup=with_interval(printer, "why.signup", found.ratios["signup"], digits=1),
        when=_wave(results, printer, first.wave),
        then=_wave(results, printer, last.wave),
        m=printer.numbers.count(first.cumulative["signup"].n or 0),
        n=printer.numbers.count(last.cumulative["signup"].n or 0),
    )
    return Finding(rule="why", text=text, decided=found.cause is not None)


def find_steady(results: StudyResults, printer: Printer) -> Finding | None:
    """Say for how long sign-up per aware person stayed as it was while awareness grew, in figures that were printed."""
    if results.adoption is None:
        return None
    for series, run in results.adoption.steady_printed.items():
        line = [each for each in results.adoption.printed if each.spec.series == series]
        known = [each.funnel for each in line if isinstance(each.funnel, JointFunnel)]
        entity = known[0].platform
        heard = [point for point in results.series if (point.step, point.figure.entity) == ("aware", entity)]
        if run.ended_by is None or len(heard) < 2:
            continue
        text = printer.say(
            "In print ({platform}): awareness went from {first} in {when} to {last} in {then}; from {start} to {stop} "
            "sign-up per aware person stayed between {least} and {most}, no more apart than chance explains ({p}); "
            "then it was {next} (base: {n} to {m} respondents who had heard of it).",
            platform=entity,
            first=printer.published(heard[0].figure),
            last=printer.published(heard[-1].figure),
            when=_wave(results, printer, heard[0].wave),
            then=_wave(results, printer, heard[-1].wave),
            start=printer.numbers.month(run.first),
            stop=printer.numbers.month(run.last),
            least=with_interval(printer, f"steady.{series}.least", run.least, digits=1),
            most=with_interval(printer, f"steady.{series}.most", run.most, digits=1),
            next=with_interval(printer, f"steady.{series}.next", run.ended_by, digits=1),
            p=printer.numbers.p_value(run.p_value),
            n=printer.numbers.count(run.least.n or 0),
            m=printer.numbers.count(run.most.n or 0),
        )
        return Finding(rule="steady", text=text)
    return None


def find_for_whom(results: StudyResults, printer: Printer) -> Finding | None:
    """Two levels of a group between which holding an account differs most."""
    platform = main_platform(results.study)
    survey = latest_wave(results.study, platform)
    if not platform or results.funnel is None or survey is None or "signup" not in survey.platform[platform].steps():
        return None
    try:
        gap = widest_gap(results.funnel, wave=survey.wave, platform=platform, group=tuple(survey.group))
    except SpecError:
        return None
    shares = {}
    for name, level, share in (("high", gap.high, gap.high_share), ("low", gap.low, gap.low_share)):
        identifier = f"funnel.{survey.wave}.{platform}.{gap.group}.{level}.signup.cumulative"
        shares[f"{name}_share"] = with_interval(printer, identifier, share)
        shares[f"{name}_level"] = level_label(printer, survey, gap.group, level)
    text = printer.say(
        "For whom ({group}): {high_share} {hold} among {high_level}, {low_share} among {low_level} in {wave} "
        "(base: {n} and {m} respondents; the widest of {pairs} differences).",
        **shares,
        hold=holding(printer, asked_in((survey,), platform)),
        group=group_label(printer, survey, gap.group),
        wave=wave_label(printer, survey),
        n=printer.numbers.count(gap.high_share.n or 0),
        m=printer.numbers.count(gap.low_share.n or 0),
        pairs=printer.value(
            "gap.pairs", gap.n_pairs, unit="count", why_no_interval="a count of pairs of levels compared"
        ),
    )
    return Finding(rule="for-whom", text=text, decided=gap.difference.conf_low > 0)


def _ends(results: StudyResults, step: Step, measure: Measure) -> tuple[FunnelRow, FunnelRow] | None:
    """Find the first and the last wave that measured a step of the main platform, if they are two."""
    if results.funnel is None:
        return None
    line = funnel_rows(results.funnel, platform=main_platform(results.study), group="", step=step, measure=measure)
    return (line[0], line[-1]) if len(line) > 1 else None


def _told(results: StudyResults, printer: Printer, first: FunnelRow, last: FunnelRow) -> dict[str, str]:
    return {
        "first": with_interval(printer, first.id, first.estimate),
        "last": with_interval(printer, last.id, last.estimate),
        "when": _wave(results, printer, first.wave),
        "then": _wave(results, printer, last.wave),
        "n": printer.numbers.count(last.estimate.n or 0),
        "m": printer.numbers.count(first.estimate.n or 0),
    }


def _wave(results: StudyResults, printer: Printer, wave: str) -> str:
    return next((wave_label(printer, survey) for survey in results.study.survey if survey.wave == wave), wave)


def _apart(first: Estimate, last: Estimate) -> bool:
    return first.conf_high < last.conf_low or last.conf_high < first.conf_low
