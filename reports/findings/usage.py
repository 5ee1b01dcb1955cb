"""Findings on who left, by what definition, who writes, who answers, and how many they follow."""

from __future__ import annotations

import math

from reports.findings.finding import Finding
from reports.results.study import StudyResults
from reports.words.durations import lasting, within_words
from reports.words.labels import with_interval
from reports.words.printer import Printer
from surveys.core.results import Estimate, Unavailable


def find_left(results: StudyResults, printer: Printer) -> Finding | None:
    """One-month dropout of the log."""
    if results.staying is None or results.study.usage is None or not isinstance(results.staying.dropout, Estimate):
        return None
    dropout = results.staying.dropout
    text = printer.say(
        "{share} of the accounts opened were gone after {time} (base: {n} accounts of the log)."
        if results.study.usage.events is not None
        else "{share} of the accounts opened were gone after {time} (base: {n} accounts).",
        share=with_interval(printer, "dropout", dropout),
        time=lasting(printer, results.study.usage.horizon, results.staying.curve.time_unit),
        n=printer.numbers.count(dropout.n or 0),
    )
    return Finding(rule="left", text=text)


def find_by_definition(results: StudyResults, printer: Printer) -> Finding | None:
    """How far the definition of dropout moves the headline."""
    if results.staying is None or results.staying.activity is None:
        return None
    fan = results.staying.activity.definitions
    if isinstance(fan, Unavailable) or not all(map(math.isfinite, fan.range)):
        return None
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


def find_concentrated(results: StudyResults, printer: Printer) -> Finding | None:
    """Say how much the most active fifth writes, of all accounts and of those that write."""
    if results.network is None or results.network.concentration is None:
        return None
    found = results.network.concentration
    text = printer.say(
        "The most active fifth of all accounts sends {every} of the messages, of those that wrote {active} (base: {n} "
        "and {m} accounts); {never} never wrote.",
        every=with_interval(printer, "network.top20.accounts", found.accounts.top_share, digits=1),
        active=with_interval(printer, "network.top20.active", found.active.top_share, digits=1),
        never=with_interval(printer, "network.never_posted", found.never_posted, digits=1),
        n=printer.numbers.count(found.accounts.top_share.n or 0),
        m=printer.numbers.count(found.active.top_share.n or 0),
    )
    return Finding(rule="concentrated", text=text)


def find_answered(results: StudyResults, printer: Printer) -> Finding | None:
    """Say how many messages answer one received."""
    if results.network is None or results.network.dialogue is None:
        return None
    dialogue = results.network.dialogue
    answers, mutual = dialogue.answers, dialogue.mutual
    if not (isinstance(answers, Estimate) and isinstance(mutual, Estimate)):
        return None
    text = printer.say(
        "{answers} of the messages answer one received, and {mutual} of the ties are mutual (base: {n} messages, {m} "
        "ties).",
        answers=with_interval(printer, "network.dialogue", answers, digits=1),
        mutual=with_interval(printer, "network.mutual", mutual, digits=1),
        n=printer.numbers.count(answers.n or 0),
        m=printer.numbers.count(mutual.n or 0),
    )
    return Finding(rule="answered", text=text)


def find_followed(results: StudyResults, printer: Printer) -> Finding | None:
    """Say how dropout goes with the number of accounts followed."""
    if results.network is None or results.network.following is None:
        return None
    found = results.network.following
    few, many, ratio = found.few, found.many, found.ratio
    if not (isinstance(few, Estimate) and isinstance(many, Estimate) and isinstance(ratio, Estimate)):
        return None
    values = {
        "few": with_interval(printer, "following.few", few, digits=1),
        "many": with_interval(printer, "following.many", many, digits=1),
        "time": within_words(printer, found.horizon, found.time_unit),
        "ratio": with_interval(printer, "following.ratio", ratio),
        "most": printer.numbers.count(found.bounds.few),
        "least": printer.numbers.count(found.bounds.many),
        "n": printer.numbers.count(few.n or 0),
        "m": printer.numbers.count(many.n or 0),
    }
    if found.number == "followed":
        text = printer.say(
            "Of the accounts that follow at most {most} others {few} are gone within {time}, of those that follow "
            "{least} or more {many}: {ratio} times as many (base: {n} and {m} accounts).",
            **values,
        )
    else:
        text = printer.say(
            "Of the accounts that first write to at most {most} others {few} are gone {time} later, of those that "
            "write to {least} or more {many}: {ratio} times as many (base: {n} and {m} accounts).",
            **values,
        )
    return Finding(rule="followed", text=text, decided=ratio.conf_low > 1 or ratio.conf_high < 1)
