"""Hearing and signing up: the funnel, since when, and for whom."""

from __future__ import annotations

from collections.abc import Mapping

from reports.document.blocks import Block, Cell, Column, Heading, Paragraph, Row, Table
from reports.figures.drawn import FigureWords
from reports.results.lookup import (
    FunnelRow,
    all_funnel_rows,
    in_no_level,
    kinds_of_columns,
    latest_wave,
    main_platform,
    respondents,
    subjects,
)
from reports.results.study import StudyResults
from reports.sections.figure_block import figure_block
from reports.words.labels import (
    asked_in,
    conversion_label,
    group_label,
    platform_label,
    sampling_words,
    step_label,
    survey_note,
    wave_label,
    with_interval,
)
from reports.words.printer import Printer
from surveys.core.results import Note


def write_adoption(results: StudyResults, printer: Printer, figures: Mapping[str, FigureWords]) -> list[Block]:
    """
    Write the chapter on hearing of the service and signing up.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.
    figures : mapping of str to FigureWords
        Those drawn, by name.

    Returns
    -------
    list of Block
        Empty where the study has no survey.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_adoption(example_results(), open_printer("en"), {})[0].text
    'Hearing of it, signing up'
    """
    if results.funnel is None:
        return []
    blocks: list[Block] = [Heading(level=1, text=printer.say("Hearing of it, signing up"), anchor="adoption")]
    if "funnel" in figures:
        blocks += [Heading(level=2, text=printer.say("The funnel"), anchor="funnel"), figure_block(figures["funnel"])]
    if "waves" in figures:
        blocks += [
            Heading(level=2, text=printer.say("Since when"), anchor="since-when"),
            figure_block(figures["waves"]),
        ]
    below = _below_groups(results, figures)
    blocks += [_wave_table(results, printer, platform, below) for platform in subjects(results.study)]
    if "groups" in figures:
        blocks += [Heading(level=2, text=printer.say("For whom"), anchor="for-whom"), figure_block(figures["groups"])]
    elsewhere = (_groups_elsewhere(results, printer, drawn="groups" in figures), _other_platforms(results, printer))
    return [*blocks, *(Paragraph.of(text) for text in elsewhere if text)]


def _other_platforms(results: StudyResults, printer: Printer) -> str:
    """Say where all shares of the platforms stand that the study is not about; empty where there are none."""
    asked = dict.fromkeys(name for survey in results.study.survey for name in survey.platform)
    others = [platform_label(printer, results.study, name) for name in asked if name not in subjects(results.study)]
    if not others:
        return ""
    return printer.say(
        "Of {platforms} the report shows a part: every step, wave and group is in the table funnel.csv.",
        platforms=", ".join(others),
    )


def _groups_elsewhere(results: StudyResults, printer: Printer, *, drawn: bool) -> str:
    """Name the groups of waves that the figure is not of, which would else be nowhere; empty where there are none."""
    assert results.funnel is not None
    latest = latest_wave(results.study, main_platform(results.study))
    shown = set(latest.group) if drawn and latest is not None else set[str]()
    labels = {
        name: group_label(printer, survey, name)
        for survey in results.study.survey
        if survey.platform
        for name in survey.group
        if name not in shown
    }
    if not labels:
        return ""
    groups = ", ".join(labels.values())
    return printer.say(
        "Groups that no figure shows, with their shares in the table funnel.csv: {groups}.", groups=groups
    )


def _below_groups(results: StudyResults, figures: Mapping[str, FigureWords]) -> tuple[Note, ...]:
    """Give the caveats that stand below the figure of groups."""
    survey = latest_wave(results.study, main_platform(results.study))
    if results.funnel is None or survey is None or "groups" not in figures:
        return ()
    return in_no_level(results.funnel, survey.wave)


def _wave_table(results: StudyResults, printer: Printer, platform: str, elsewhere: tuple[Note, ...]) -> Table:
    assert results.funnel is not None
    asked = asked_in(results.study.survey, platform)
    surveys = {survey.wave: survey for survey in results.study.survey}
    rows = all_funnel_rows(results.funnel, platform=platform, group="")
    kinds = kinds_of_columns({(row.step, row.measure) for row in rows})
    body: list[Row] = []
    for wave in [wave for wave in surveys if any(row.wave == wave for row in rows)]:
        by_kind = {(row.step, row.measure): row for row in rows if row.wave == wave}
        n = respondents(results.disclosure, wave)
        body += [
            (
                wave_label(printer, surveys[wave]),
                "–" if n is None else printer.numbers.count(n),
                *(_row_cell(printer, by_kind.get(kind)) for kind in kinds),
            ),
            (
                Cell(text=printer.say("who answered"), tone="muted"),
                "",
                *(_base_cell(printer, by_kind.get(kind)) for kind in kinds),
            ),
        ]
    labels = [
        step_label(printer, step, asked) if measure == "cumulative" else conversion_label(printer, step, asked)
        for step, measure in kinds
    ]
    columns = [Column(text=printer.say("Wave"), align="left"), Column(text="n", align="right")]
    return Table(
        anchor="tab-waves" if platform == main_platform(results.study) else f"tab-waves-{platform}",
        caption=printer.say(
            "{platform}: steps of the funnel by wave", platform=platform_label(printer, results.study, platform)
        ),
        columns=(*columns, *(Column(text=label, align="right") for label in labels)),
        rows=tuple(body),
        base=printer.say(
            "Base: respondents of each wave who answered, or those of them named in the column; their number stands "
            "below each share. n: all respondents. In brackets: {level} confidence intervals. A dash: not asked.",
            level=printer.numbers.share(results.study.study.conf_level),
        )
        + " "
        + sampling_words(printer, results.study.survey[-1]),
        notes=((printer.say("Simulated data."),) if any(row.simulated for row in rows) else ())
        + tuple(
            survey_note(printer, results.study.survey, note) for note in results.funnel.notes if note not in elsewhere
        ),
    )


def _row_cell(printer: Printer, row: FunnelRow | None) -> str:
    return "–" if row is None else with_interval(printer, row.id, row.estimate)


def _base_cell(printer: Printer, row: FunnelRow | None) -> Cell:
    return Cell(text="" if row is None else printer.numbers.count(row.estimate.n or 0), tone="muted")
