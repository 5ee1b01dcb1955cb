"""The first page: what the study found, in four numbers and a few sentences."""

from __future__ import annotations

from collections.abc import Iterator

from reports.document.blocks import Block, Bullets, Callout, Heading, KeyFigure, KeyFigures
from reports.findings import find
from reports.results.lookup import funnel_rows, joint_id, latest_wave, subjects
from reports.results.study import StudyResults
from reports.words.durations import horizon_words, lasting
from reports.words.labels import asked_in, holding, platform_label, wave_label
from reports.words.printer import Printer
from reports.words.silences import warnings
from surveys.core.results import Estimate

MOST_FINDINGS = 12
"""What a first page holds beside its key figures."""


def write_overview(results: StudyResults, printer: Printer) -> list[Block]:
    """
    Write the first page.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    list of Block
        Heading, key figures and findings; empty where there are none.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_overview(example_results(), open_printer("en"))[0].text
    'In brief'
    """
    blocks: list[Block] = [Heading(level=1, text=printer.say("In brief"), anchor="brief")]
    key_figures = tuple(_key_figures(results, printer))
    if key_figures:
        blocks.append(KeyFigures(items=key_figures))
    findings = tuple(finding.text for finding in find(results, printer)[:MOST_FINDINGS])
    if findings:
        blocks.append(Bullets(items=findings))
    if len(blocks) == 1:
        return []
    blocks += [Callout(tone="caution", text=text) for text in warnings(results, printer)]
    if is_simulated(results):
        blocks.append(
            Callout(
                tone="caution",
                text=printer.say(
                    "Every respondent and every event of this study is simulated. Figures marked as published are real."
                ),
            )
        )
    return blocks


def is_simulated(results: StudyResults) -> bool:
    """
    Tell whether any data of the study are simulated.

    Parameters
    ----------
    results : StudyResults
        The study's results.

    Returns
    -------
    bool
        True where a survey or the usage says so.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> is_simulated(example_results())
    True
    """
    usage = results.study.usage
    return any(survey.simulated for survey in results.study.survey) or (usage is not None and usage.simulated)


def _key_figures(results: StudyResults, printer: Printer) -> Iterator[KeyFigure]:
    shown = subjects(results.study)
    for platform in shown:
        yield from _key_shares(results, printer, platform, alike=len(shown) > 1)
    yield from _key_usage(results, printer)


def _key_shares(results: StudyResults, printer: Printer, platform: str, *, alike: bool) -> Iterator[KeyFigure]:
    """Give what a wave says of a platform; of several, shown alike, the share of the base that took the first step."""
    survey = latest_wave(results.study, platform)
    name = platform_label(printer, results.study, platform)
    hold = holding(printer, asked_in(() if survey is None else (survey,), platform))
    if results.funnel is not None and survey is not None:
        rows = funnel_rows(results.funnel, wave=survey.wave, platform=platform, group="")
        per_aware = not alike and any((row.step, row.measure) == ("signup", "conversion") for row in rows)
        wanted = {
            ("aware", "cumulative"): printer.say("have heard of {platform}", platform=name),
            ("signup", "conversion" if per_aware else "cumulative"): printer.say("of the aware {hold}", hold=hold)
            if per_aware
            else printer.say("{hold} on {platform}", hold=hold, platform=name),
        }
        asked = {key: label for key, label in wanted.items() if any((row.step, row.measure) == key for row in rows)}
        for (step, measure), label in list(asked.items())[: 1 if alike else None]:
            for row in rows:
                if (row.step, row.measure) == (step, measure):
                    yield KeyFigure(
                        value=printer.estimate(row.id, row.estimate),
                        label=label,
                        detail=_detail(printer, row.id, row.estimate, wave_label(printer, survey)),
                    )


def _key_usage(results: StudyResults, printer: Printer) -> Iterator[KeyFigure]:
    """Give what the log says, and the steps joined."""
    if (
        results.staying is not None
        and isinstance(results.staying.dropout, Estimate)
        and results.study.usage is not None
    ):
        dropout = results.staying.dropout
        yield KeyFigure(
            value=printer.estimate("dropout", dropout),
            label=printer.say(
                "of the accounts opened are gone after {time}",
                time=lasting(printer, results.study.usage.horizon, results.staying.curve.time_unit),
            ),
            detail=_accounts_detail(printer, dropout),
        )
    if results.joint:
        joint = results.joint[-1]
        stayed = joint.cumulative["stayed"]
        yield KeyFigure(
            value=printer.estimate(joint_id(joint), stayed),
            label=printer.say("of the base signed up and stayed {time}", time=horizon_words(printer, results.study)),
            detail=_detail(printer, joint_id(joint), stayed, _whose(results, printer)),
        )


def _whose(results: StudyResults, printer: Printer) -> str:
    """Say by whose staying, and what it is by the other measure."""
    assert results.adoption is not None
    if results.joint[-1].staying == "log":
        return printer.say("survey and log joined, an account taken for a person")
    if results.adoption.measures is None:
        return printer.say("as people recall it")
    other = results.adoption.measures.funnels["log"]
    return printer.say(
        "as people recall it; {share} by the log, an account taken for a person",
        share=printer.estimate(joint_id(other), other.cumulative["stayed"]),
    )


def _detail(printer: Printer, identifier: str, estimate: Estimate, when: str) -> str:
    return printer.say(
        "{interval}; {n} respondents, {when}",
        interval=printer.interval(identifier, estimate),
        n=printer.numbers.count(estimate.n or 0),
        when=when,
    )


def _accounts_detail(printer: Printer, estimate: Estimate) -> str:
    return printer.say(
        "{interval}; {n} accounts",
        interval=printer.interval("dropout", estimate),
        n=printer.numbers.count(estimate.n or 0),
    )
