"""From wave to wave: what changed, by how much, and what cannot be compared."""

from __future__ import annotations

import math
from collections.abc import Mapping

from reports.document.blocks import Block, Bullets, Cell, Column, Heading, Paragraph, Table
from reports.figures.drawn import FigureWords
from reports.results.lookup import kinds_of_columns, main_platform, subjects
from reports.results.study import StudyResults
from reports.sections.figure_block import figure_block
from reports.words.labels import (
    asked_in,
    conversion_label,
    listed,
    note_sentence,
    platform_label,
    sampling_words,
    simulated_surveys,
    step_label,
    wave_label,
)
from reports.words.ledger import PrintedNumber
from reports.words.printer import Printer
from surveys.core.results import NOBODY_IN_BASE, NOT_ESTIMABLE
from surveys.funnel.waves import WaveChanges
from surveys.study.breaks import Break

LARGEST_POWER = 700.0


def write_waves(
    results: StudyResults, changes: WaveChanges, printer: Printer, figures: Mapping[str, FigureWords]
) -> list[Block]:
    """
    Write the chapter on changes between waves.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    changes : WaveChanges
        Of the study's funnel.
    printer : Printer
        Language, and ledger of the numbers printed.
    figures : mapping of str to FigureWords
        Those drawn, by name.

    Returns
    -------
    list of Block
        Empty where nothing was asked in two waves.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> from surveys.funnel.waves import compare_waves
    >>> results = example_results()
    >>> write_waves(results, compare_waves(results.study, results.funnel), open_printer("en"), {})[0].text
    'From wave to wave'
    """
    shown = [name for name in subjects(results.study) if (changes.changes["platform"] == name).any()]
    if not shown:
        return []
    blocks: list[Block] = [
        Heading(level=1, text=printer.say("From wave to wave"), anchor="from-wave-to-wave"),
        Paragraph.of(
            printer.say(
                "A change is a difference of two estimates, each with its own error; most often it is less certain "
                "than either. Where the question, the people asked or the mode differ, part of it is not a change."
            )
        ),
        *(_changes_table(results, changes, printer, platform) for platform in shown),
    ]
    trends = [platform for platform in shown if (changes.trends["platform"] == platform).any()]
    blocks += [_trends_table(results, changes, printer, platform) for platform in trends]
    caveats = [survey.caveat for survey in results.study.survey if survey.caveat is not None]
    told = [*map(printer.label, caveats), *(note_sentence(printer, note) for note in changes.notes)]
    if told:
        blocks.append(Bullets(items=tuple(dict.fromkeys(told))))
    if "trend" in figures:
        blocks += [
            Heading(level=2, text=printer.say("A series with breaks"), anchor="breaks"),
            Paragraph.of(
                printer.say(
                    "A share of those who use at least one service depends on how many services were tested. "
                    "Where the list grew, or is not known, two values do not make a line."
                )
            ),
            figure_block(figures["trend"]),
        ]
    return blocks


def _changes_table(results: StudyResults, changes: WaveChanges, printer: Printer, platform: str) -> Table:
    asked = asked_in(results.study.survey, platform)
    surveys = {survey.wave: survey for survey in results.study.survey}
    frame = changes.to_frame()
    rows = frame[(frame["platform"] == platform) & (frame["group"] == "")]
    found = {
        (str(row["before"]), str(row["after"]), str(row["step"]), str(row["measure"])): row
        for row in rows.to_dict("records")
    }
    kinds = kinds_of_columns({key[2:] for key in found})
    pairs = [pair for pair in changes.breaks if any(key[:2] == pair for key in found)]
    body = []
    for before, after in pairs:
        cells: list[str | Cell] = [f"{wave_label(printer, surveys[before])} → {wave_label(printer, surveys[after])}"]
        for step, measure in kinds:
            row = found.get((before, after, step, measure))
            text = (
                "–"
                if row is None
                else _change(f"change.{before}.{after}.{platform}.{step}.{measure}", row, changes, printer)
            )
            cells.append(text if row is None or row["comparable"] else Cell(text=text, tone="muted"))
        body.append((*cells, _differences(changes.breaks[before, after], printer)))
    headers = [
        step_label(printer, step, asked) if measure == "cumulative" else conversion_label(printer, step, asked)
        for step, measure in kinds
    ]
    columns = (
        Column(text=printer.say("Waves"), width=1.35),
        *(Column(text=header, align="right", width=1.6) for header in headers),
        Column(text=printer.say("What differs between them"), width=1.35),
    )
    base = printer.say(
        "Base: respondents of each wave who answered, or those named in the column. In points of percentage; "
        "in brackets: {level} confidence intervals. Grey: waves that cannot be compared.",
        level=printer.numbers.share(changes.conf_level),
    )
    return Table(
        anchor="tab-changes" if platform == main_platform(results.study) else f"tab-changes-{platform}",
        caption=printer.say(
            "{platform}: changes from wave to wave", platform=platform_label(printer, results.study, platform)
        ),
        columns=columns,
        rows=tuple(body),
        base=f"{base} {sampling_words(printer, results.study.survey[-1])}",
        notes=simulated_surveys(printer, results.study),
    )


def _change(identifier: str, row: Mapping[object, object], changes: WaveChanges, printer: Printer) -> str:
    """Print a change in points with its interval, and enter both."""
    change, low, high = (float(str(row[name])) for name in ("change", "conf_low", "conf_high"))
    if not math.isfinite(change):
        nobody = min(int(str(row["n_before"])), int(str(row["n_after"]))) == 0
        return printer.note(NOBODY_IN_BASE if nobody else NOT_ESTIMABLE)
    known = math.isfinite(low) and math.isfinite(high)
    text, *ends = (_signed(printer, x) for x in ([change, low, high] if known else [change]))
    interval = printer.numbers.between(*ends) if known else printer.say("no interval")
    number = PrintedNumber(
        id=identifier,
        value=change,
        unit="points",
        base=int(str(row["n_before"])) + int(str(row["n_after"])),
        low=low if known else None,
        high=high if known else None,
        level=changes.conf_level if known else None,
        method="difference of waves, Student's t",
        why_no_interval="" if known else "too few sampling units",
    )
    for printed in (text, interval):
        printer.ledger.record(number, printer.language, printed)
    return f"{text} ({interval})"


def _signed(printer: Printer, points: float) -> str:
    """Write a difference in points without the word: the table says it once."""
    return printer.numbers.points(points).partition("\u00a0")[0]


def _differences(breaks: tuple[Break, ...], printer: Printer) -> str:
    return listed(printer, [_difference(found, printer) for found in breaks]) or printer.say("nothing known")


def _difference(found: Break, printer: Printer) -> str:
    match found.reason:
        case "items_tested":
            before, after = (printer.numbers.count(float(str(n))) for n in (found.before, found.after))
            return printer.say("list of services: {before}, then {after}", before=before, after=after)
        case "mode":
            before, after = (mode_label(printer, str(mode)) for mode in (found.before, found.after))
            return printer.say("mode: {before}, then {after}", before=before, after=after)
        case "universe":
            return printer.say("those who were to be asked")
        case "means":
            return printer.say("who counts as signed up")
        case "wording":
            return printer.say("wording: {step}", step=step_label(printer, found.step).lower())


def mode_label(printer: Printer, mode: str) -> str:
    """
    Name the way in which a survey was asked.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    mode : str
        `online`, `telephone`, `face-to-face`, `postal` or `mixed`.

    Returns
    -------
    str
        In the language of the report.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> mode_label(open_printer("fr"), "telephone")
    'par téléphone'
    """
    return {
        "online": printer.say("online"),
        "telephone": printer.say("by telephone"),
        "face-to-face": printer.say("face to face"),
        "postal": printer.say("by post"),
        "mixed": printer.say("in several ways"),
    }[mode]


def _trends_table(results: StudyResults, changes: WaveChanges, printer: Printer, platform: str) -> Table:
    asked = asked_in(results.study.survey, platform)
    surveys = {survey.wave: survey for survey in results.study.survey}
    trends = changes.trends[(changes.trends["platform"] == platform) & (changes.trends["group"] == "")]
    rows = []
    for row in trends.to_dict("records"):
        step = str(row["step"])
        name = (
            step_label(printer, step, asked)
            if row["measure"] == "cumulative"
            else conversion_label(printer, step, asked)
        )
        first, last = (wave_label(printer, surveys[str(row[end])]) for end in ("first", "last"))
        identifier = f"trend.{row['first']}.{row['last']}.{platform}.{step}.{row['measure']}"
        rows.append(
            (
                f"{name[:1].upper()}{name[1:]}",
                f"{first} → {last}",
                _slope(identifier, row, changes, printer),
                *(_probability(float(row[name]), printer) for name in ("p_value", "departure_p")),
            )
        )
    headers = (
        printer.say("Step"),
        printer.say("Waves"),
        printer.say("Odds multiplied each year by")
        if set(trends["unit"]) <= {"year"}
        else printer.say("Odds multiplied each wave by"),
        printer.say("p if there is no trend"),
        printer.say("p if it is straight"),
    )
    return Table(
        anchor="tab-trends" if platform == main_platform(results.study) else f"tab-trends-{platform}",
        caption=printer.say("{platform}: trends", platform=platform_label(printer, results.study, platform)),
        columns=tuple(
            Column(text=header, align="right" if index > 1 else "left", width=width)
            for index, (header, width) in enumerate(zip(headers, (2.2, 2.0, 1.6, 0.9, 1.0), strict=True))
        ),
        rows=tuple(rows),
        base=printer.say(
            "Base: as in the table of changes. A line through the waves on the logit, weighted by their covariance; "
            "Wald’s F tests that there is no trend, and that the trend is straight."
        ),
        notes=simulated_surveys(printer, results.study),
    )


def _probability(p: float, printer: Printer) -> str:
    return printer.numbers.p_value(p) if math.isfinite(p) else printer.note(NOT_ESTIMABLE)


def _exponential(x: float) -> float:
    """Raise e to a power; infinite beyond what a number can hold."""
    return math.exp(x) if x < LARGEST_POWER else math.inf


def _slope(identifier: str, row: Mapping[object, object], changes: WaveChanges, printer: Printer) -> str:
    """Print by how much the odds are multiplied each year or wave, and enter it."""
    ends = [_exponential(float(str(row[name]))) for name in ("slope", "conf_low", "conf_high")]
    if not all(map(math.isfinite, ends)):
        return printer.note(NOT_ESTIMABLE)
    text, low, high = (printer.numbers.number(end, 2) for end in ends)
    interval = printer.numbers.between(low, high)
    number = PrintedNumber(
        id=identifier,
        value=ends[0],
        unit="ratio",
        base=int(str(row["n"])),
        low=ends[1],
        high=ends[2],
        level=changes.conf_level,
        method="generalised least squares on the logit",
    )
    for printed in (text, interval):
        printer.ledger.record(number, printer.language, printed)
    return f"{text} ({interval})"
