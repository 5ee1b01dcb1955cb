"""Estimate beside truth, where the data are simulated."""

from __future__ import annotations

import math

from reports.labels import conversion_label, step_label, wave_label, with_interval
from reports.lookup import funnel_rows, main_platform
from reports.model import Block, Column, Heading, Paragraph, Row, RowGroup, Table
from reports.printer import Printer
from reports.recipe import Results
from surveys.results import Estimate

MEASURES = {
    "aware": ("aware", "cumulative"),
    "signup": ("signup", "cumulative"),
    "conversion": ("signup", "conversion"),
}
Compared = tuple[str, str, str, Estimate, float]


def write_truth(results: Results, printer: Printer) -> list[Block]:
    """
    Write the page that sets estimates beside what was planted.

    Parameters
    ----------
    results : Results
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
    >>> from reports.printer import open_printer
    >>> write_truth(example_results(), open_printer("en"))[0].text
    'Estimate beside truth'
    """
    if results.truth is None:
        return []
    compared = _survey_rows(results, printer) + _usage_rows(results, printer)
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


def _survey_rows(results: Results, printer: Printer) -> list[Compared]:
    if results.funnel is None or results.truth is None:
        return []
    platform = main_platform(results.study)
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
                what = step_label(printer, step) if kind == "cumulative" else conversion_label(printer, step)
                rows.append(
                    (row.id, what, wave_label(printer, surveys[row.wave]), row.estimate, planted[row.wave, measure])
                )
    return rows


def _usage_rows(results: Results, printer: Printer) -> list[Compared]:
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


def _table(compared: list[Compared], results: Results, printer: Printer) -> Table:
    headers = (printer.say("When"), printer.say("Estimate"), printer.say("Truth"), printer.say("Interval holds it"))
    rows: list[Row] = []
    group = ""
    for identifier, what, when, estimate, truth in compared:
        held = estimate.conf_low <= truth <= estimate.conf_high
        if what != group:
            rows.append(RowGroup(text=what))
            group = what
        rows.append(
            (
                when,
                with_interval(printer, identifier, estimate, digits=1),
                printer.value(
                    f"{identifier}.truth",
                    truth,
                    unit="share",
                    digits=1,
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
