"""What several publishers say of one thing, and why they may not agree."""

from __future__ import annotations

from collections.abc import Mapping

from reports.document.blocks import Block, Cell, Column, Heading, Paragraph, Row, RowGroup, Table
from reports.figures.drawn import FigureWords
from reports.results.study import StudyResults
from reports.sections.figure_block import figure_block
from reports.words.evidence import words_of_file
from reports.words.labels import fieldwork_label
from reports.words.printer import Printer
from surveys.published.conflicts import FigureConflict, PublisherPoint
from surveys.published.figure_breaks import FigureBreak
from surveys.published.series import PublishedSeries
from surveys.study.fieldwork import date_of_year
from surveys.study.schema import Study


def write_publishers(results: StudyResults, printer: Printer, figures: Mapping[str, FigureWords]) -> list[Block]:
    """
    Write the part on what several publishers say.

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
        Empty where the study names no series of several publishers.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_publishers(example_results(), open_printer("en"), {})[0].text
    'What several publishers say'
    """
    series = () if results.diffusion is None else results.diffusion.series
    if not series:
        return []
    blocks: list[Block] = [
        Heading(level=2, text=printer.say("What several publishers say"), anchor="publishers"),
        Paragraph.of(
            printer.say(
                "Where several publishers measured one thing, their values stand side by side and none is averaged "
                "away. A line joins values of one publisher, as long as its base, its way of asking and its list of "
                "services stay the same."
            )
        ),
    ]
    if "publishers" in figures:
        blocks.append(figure_block(figures["publishers"]))
    if any(one.conflicts for one in series):
        blocks.append(_conflicts(series, printer, results))
    if any(one.breaks for one in series):
        blocks.append(_breaks(series, printer, results))
    return blocks


def _conflicts(series: tuple[PublishedSeries, ...], printer: Printer, results: StudyResults) -> Table:
    rows: list[Row] = []
    for one in series:
        if one.conflicts:
            rows.append(RowGroup(text=printer.label(one.label)))
            rows += [_conflict_row(conflict, printer, results.study) for conflict in one.conflicts]
    widths = (2.6, 2.6, 1.0, 2.6)
    headers = (
        printer.say("One says"),
        printer.say("Another says"),
        printer.say("Apart"),
        printer.say("Why, as far as is known"),
    )
    return Table(
        anchor="tab-conflicts",
        caption=printer.say("Published figures that conflict"),
        columns=tuple(Column(text=text, width=width) for text, width in zip(headers, widths, strict=True)),
        rows=tuple(rows),
        base=printer.say(
            "Bases are those of each figure. Apart: the {level} intervals, for sampling and rounding, do not overlap; "
            "unknown where a publisher gives no number of respondents.",
            level=printer.numbers.share(results.study.study.conf_level),
        ),
        notes=(
            printer.say(
                "Pairs are those that the file of published figures declares, and those found by test: same service, "
                "measure and base, at most a month apart, intervals that do not overlap."
            ),
        ),
    )


def _conflict_row(conflict: FigureConflict, printer: Printer, study: Study) -> Row:
    apart = {True: printer.say("yes"), False: printer.say("no"), None: printer.say("unknown")}[conflict.apart]
    return (
        _figure(conflict.first, printer, study),
        _figure(conflict.second, printer, study),
        Cell(text=apart, tone="strong" if conflict.apart else "plain"),
        _why(conflict, printer),
    )


def _figure(point: PublisherPoint, printer: Printer, study: Study) -> str:
    """Say value, publisher, date, base and number of respondents of one figure."""
    figure = point.figure
    said = printer.say(
        "{value}, {publisher}, {date}; {base}",
        value=printer.published(figure),
        publisher=point.publisher,
        date=fieldwork_label(point, printer),
        base=words_of_file(figure.base, printer, study),
    )
    if figure.unit == "share":
        n = printer.say("n not published") if figure.n is None else f"n = {printer.numbers.count(figure.n)}"
        said += f"; {n}"
    return said


def _why(conflict: FigureConflict, printer: Printer) -> str:
    names = {
        "base": printer.say("other base"),
        "mode": printer.say("other way of asking"),
        "measure": printer.say("other measure"),
        "list": printer.say("other list"),
        "date": printer.say("other date"),
        "reliability": printer.say("one of low confidence"),
    }
    told = [names[doubt] for doubt in conflict.doubts]
    if conflict.reason is not None:
        told.append(printer.label(conflict.reason))
    if conflict.found == "test":
        told.append(printer.say("found by test"))
    return "; ".join(told) or printer.say("unknown")


def _breaks(series: tuple[PublishedSeries, ...], printer: Printer, results: StudyResults) -> Table:
    rows: list[Row] = []
    for one in series:
        rows += [_break_row(one, cut, printer, results.study) for cut in one.breaks]
    headers = (printer.say("Series"), printer.say("Publisher"), printer.say("Near"), printer.say("What changes"))
    return Table(
        anchor="tab-series-breaks",
        caption=printer.say("Where published series are broken"),
        columns=tuple(Column(text=text, width=width) for text, width in zip(headers, (2, 1.4, 1.4, 3.6), strict=True)),
        rows=tuple(rows),
        base=printer.say(
            "Base: series of {file}; a break lies half-way between the two figures.",
            file="" if results.published is None else results.published.path.name,
        ),
    )


def _break_row(one: PublishedSeries, cut: FigureBreak, printer: Printer, study: Study) -> Row:
    names = {
        "base": printer.say("base"),
        "mode": printer.say("way of asking"),
        "list": printer.say("list"),
    }
    changes = [names[doubt] for doubt in cut.doubts if doubt in names]
    told = []
    if changes:
        before, after = (
            ", ".join(words_of_file(text, printer, study) for text in side) for side in (cut.before, cut.after)
        )
        told.append(printer.say("{what}: {before}, then {after}", what=", ".join(changes), before=before, after=after))
    if cut.reason is not None:
        told.append(printer.label(cut.reason))
    return (
        printer.label(one.label),
        cut.publisher or printer.say("all"),
        printer.numbers.month(date_of_year(cut.year)),
        "; ".join(told),
    )
