"""Estimate beside truth, where the data are simulated."""

from __future__ import annotations

import math

from churn.network.planted.concentration import TOP
from churn.network.planted.following import FEW, MANY
from reports.document.blocks import Block, Column, Heading, Paragraph, Row, RowGroup, Table
from reports.results.lookup import funnel_rows, subjects
from reports.results.study import StudyResults
from reports.words.labels import asked_in, conversion_label, step_label, wave_label, with_interval
from reports.words.printer import Printer
from surveys.core.results import Estimate
from surveys.study.schema import Survey

MEASURES = {
    "aware": ("aware", "cumulative"),
    "signup": ("signup", "cumulative"),
    "conversion": ("signup", "conversion"),
}
NETWORK = {
    "network.addressed": "addressed",
    "network.dialogue": "dialogue",
    "network.dialogue.addressed": "dialogue_addressed",
    "network.gini.active": "gini_active",
    "network.gini.accounts": "gini_accounts",
    "network.top20.active": "top20_active",
    "network.top20.accounts": "top20_accounts",
    "network.never_posted": "never_posted",
    "following.few": "following_few",
    "following.many": "following_many",
    "following.ratio": "following_ratio",
}
BEFOREHAND = ("expected", "planted")
"""A recount of the log is what an estimate from all of it repeats, so it is held against what was known before."""
Compared = tuple[str, str, str, Estimate, float]


def write_truth(results: StudyResults, printer: Printer) -> list[Block]:
    """
    Write the page that sets estimates beside what was planted.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    list of Block
        Empty where the study has no truth.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_truth(example_results(), open_printer("en"))[0].text
    'Estimate beside truth'
    """
    if results.truth is None:
        return []
    sources = (_survey_rows, _calibrated_rows, _share_rows, _usage_rows, _network_rows)
    compared = [row for compare in sources for row in compare(results, printer)]
    inside = sum(estimate.conf_low <= truth <= estimate.conf_high for *_, estimate, truth in compared)
    count = "a count of comparisons"
    return [
        Heading(level=1, text=printer.say("Estimate beside truth"), anchor="truth"),
        Paragraph.of(
            printer.say(
                "The data are simulated, so the true answers are known: {inside} of {total} intervals "
                "below hold the truth.",
                inside=printer.value("truth.inside", inside, unit="count", why_no_interval=count),
                total=printer.value("truth.compared", len(compared), unit="count", why_no_interval=count),
            )
        ),
        _table(compared, results, printer),
    ]


def _survey_rows(results: StudyResults, printer: Printer) -> list[Compared]:
    if results.funnel is None or results.truth is None:
        return []
    return [row for platform in subjects(results.study) for row in _platform_rows(results, printer, platform)]


def _platform_rows(results: StudyResults, printer: Printer, platform: str) -> list[Compared]:
    assert results.funnel is not None
    assert results.truth is not None
    known = results.truth.query("source == 'survey' and platform == @platform")
    planted = {
        (wave, measure): float(value)
        for wave, measure, value in known[["wave", "measure", "value"]].itertuples(index=False)
    }
    surveys = {survey.wave: survey for survey in results.study.survey}
    rows: list[Compared] = []
    for measure, (step, kind) in MEASURES.items():
        for row in funnel_rows(results.funnel, platform=platform, group="", step=step, measure=kind):
            if (row.wave, measure) in planted:
                asked = asked_in((surveys[row.wave],), platform)
                cumulative = kind == "cumulative"
                what = step_label(printer, step, asked) if cumulative else conversion_label(printer, step, asked)
                rows.append(
                    (row.id, what, wave_label(printer, surveys[row.wave]), row.estimate, planted[row.wave, measure])
                )
    return rows


def _calibrated_rows(results: StudyResults, printer: Printer) -> list[Compared]:
    """Hold shares calibrated to the log against the same truth as those of the survey alone."""
    found = None if results.calibration is None else results.calibration.calibrated
    if found is None or results.truth is None:
        return []
    known = results.truth[(results.truth["source"] == "survey") & (results.truth["platform"] == found.platform)]
    planted = {
        (wave, measure): float(value)
        for wave, measure, value in known[["wave", "measure", "value"]].itertuples(index=False)
    }
    surveys = {survey.wave: survey for survey in results.study.survey}
    rows: list[Compared] = []
    for measure, (step, kind) in MEASURES.items():
        asked = asked_in(surveys.values(), found.platform)
        label = (step_label if kind == "cumulative" else conversion_label)(printer, step, asked)
        what = printer.say("{step}, calibrated to the log", step=label)
        for wave, estimates in found.after.items():
            key = ("", "", step, kind)
            if key in estimates.index and (wave, measure) in planted:
                identifier = f"truth.calibrated.{wave}.{measure}"
                estimate = estimates.at(key)
                rows.append((identifier, what, wave_label(printer, surveys[wave]), estimate, planted[wave, measure]))
    return rows


def _share_rows(results: StudyResults, printer: Printer) -> list[Compared]:
    if results.shares is None or results.truth is None:
        return []
    known = results.truth.query("source == 'survey' and how == 'planted'")
    surveys = {survey.wave: survey for survey in results.study.survey}
    return [
        (
            f"share.{wave}.{name}",
            _share_label(surveys[wave], name, printer),
            wave_label(printer, surveys[wave]),
            results.shares.at(wave, name),
            float(truth),
        )
        for wave, name, truth in known[["wave", "measure", "value"]].itertuples(index=False)
        if wave in surveys and name in surveys[wave].share
    ]


def _share_label(survey: Survey, name: str, printer: Printer) -> str:
    share = survey.share[name]
    label = printer.label(share.label or name)
    if share.base is None:
        return label
    return printer.say("{share} ({base})", share=label, base=printer.label(survey.base[share.base].label or share.base))


def _usage_rows(results: StudyResults, printer: Printer) -> list[Compared]:
    if results.staying is None or results.truth is None:
        return []
    known = results.truth.query("source == 'usage' and measure == 'dropout'")
    rows: list[Compared] = []
    for time, truth in zip(known["time_days"], known["value"], strict=True):
        gone = results.staying.curve.dropout(at=float(time))
        if isinstance(gone, Estimate) and math.isfinite(gone.conf_low):
            when = printer.say("{days} days", days=printer.numbers.count(int(time)))
            rows.append((f"survival.{time:g}.gone", printer.say("Gone"), when, gone, float(truth)))
    return rows


def _network_rows(results: StudyResults, printer: Printer) -> list[Compared]:
    if results.network is None or results.truth is None:
        return []
    known = results.truth[(results.truth["source"] == "usage") & results.truth["how"].isin(BEFOREHAND)]
    truth = dict(zip(known["measure"], known["value"], strict=True))
    days = known.loc[known["measure"] == "following_few", "time_days"]
    labels = _network_labels(printer, 0 if days.empty else int(days.iloc[0]))
    named = results.network.named()
    return [
        (identifier, printer.say("Messages and accounts followed"), labels[measure], estimate, float(truth[measure]))
        for identifier, measure in NETWORK.items()
        if measure in truth
        and isinstance(estimate := named.get(identifier), Estimate)
        and math.isfinite(estimate.conf_low)
    ]


def _network_labels(printer: Printer, days_of_dropout: int) -> dict[str, str]:
    fifth = printer.numbers.share(TOP)
    days = printer.numbers.count(days_of_dropout)
    return {
        "addressed": printer.say("Messages to somebody"),
        "dialogue": printer.say("Messages that answer one received"),
        "dialogue_addressed": printer.say("The same, of the messages to somebody"),
        "gini_active": printer.say("Gini coefficient, accounts that wrote"),
        "gini_accounts": printer.say("Gini coefficient, all accounts"),
        "top20_active": printer.say("Messages by the busiest {share} of the accounts that wrote", share=fifth),
        "top20_accounts": printer.say("Messages by the busiest {share} of all accounts", share=fifth),
        "never_posted": printer.say("Accounts that never wrote"),
        "following_few": printer.say(
            "Gone within {days} days, following at most {n}", days=days, n=printer.numbers.count(FEW)
        ),
        "following_many": printer.say(
            "Gone within {days} days, following {n} or more", days=days, n=printer.numbers.count(MANY)
        ),
        "following_ratio": printer.say("Ratio of these two"),
    }


def _table(compared: list[Compared], results: StudyResults, printer: Printer) -> Table:
    headers = (
        printer.say("What and when"),
        printer.say("Estimate"),
        printer.say("Truth"),
        printer.say("Interval holds it"),
    )
    rows: list[Row] = []
    group = ""
    for identifier, what, when, estimate, truth in compared:
        digits = None if estimate.unit == "ratio" else 1
        held = estimate.conf_low <= truth <= estimate.conf_high
        if what != group:
            rows.append(RowGroup(text=what))
            group = what
        rows.append(
            (
                when,
                with_interval(printer, identifier, estimate, digits=digits),
                printer.value(
                    f"{identifier}.truth",
                    truth,
                    unit=estimate.unit,
                    digits=digits,
                    why_no_interval="planted or recounted, without error",
                ),
                printer.say("yes") if held else printer.say("no"),
            )
        )
    return Table(
        anchor="tab-truth",
        caption=printer.say("Estimates and the truth they should find"),
        columns=tuple(
            Column(text=header, align="left" if index == 0 else "right") for index, header in enumerate(headers)
        ),
        rows=tuple(rows),
        base=printer.say(
            "Base: as in the tables above. In brackets: {level} confidence intervals.",
            level=printer.numbers.share(results.study.study.conf_level),
        ),
        notes=(printer.say("Simulated data."),),
    )
