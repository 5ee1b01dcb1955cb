"""Banner tables: shares by group, with bases and the letters of significant differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reports.document.blocks import Block, Cell, Column, Heading, Paragraph, Row, Table
from reports.results.study import StudyResults
from reports.words.labels import (
    Asked,
    asked_in,
    conversion_label,
    group_label,
    level_label,
    sampling_words,
    step_label,
    survey_note,
    wave_label,
)
from reports.words.printer import Printer
from reports.words.typography import shown_text
from surveys.core.results import Note
from surveys.study.schema import Survey
from surveys.tables.crosstabs import SUPPRESSED, BannerColumn, BannerRow, BannerTable


def write_crosstabs(results: StudyResults, printer: Printer, tables: Sequence[BannerTable]) -> list[Block]:
    """
    Write the chapter of banner tables.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.
    tables : sequence of BannerTable
        Those of the study, as `surveys.tables.banners.build_tables` gives them.

    Returns
    -------
    list of Block
        Empty where the study names no table.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> from surveys.tables.banners import build_tables
    >>> results = example_results()
    >>> write_crosstabs(results, open_printer("en"), build_tables(results.study))[0].text
    'By group, in detail'
    """
    if not tables:
        return []
    surveys = {survey.wave: survey for survey in results.study.survey}
    return [
        Heading(level=1, text=printer.say("By group, in detail"), anchor="crosstabs"),
        Paragraph.of(
            printer.say(
                "Shares are read down the columns. A letter beside a share names a column of the same group "
                "whose share is significantly lower."
            )
        ),
        *(
            _table(surveys[table.wave], replace(table, notes=_unsaid(results, table)), _base(results, table), printer)
            for table in tables
        ),
    ]


def _base(results: StudyResults, table: BannerTable) -> str | None:
    """Give the name of the base that the study limits a table to."""
    return next((asked.base for asked in results.study.table if asked.id == table.id), None)


def _unsaid(results: StudyResults, table: BannerTable) -> tuple[Note, ...]:
    """Give the caveats of a table that do not stand below the funnel or the shares."""
    said = {str(note) for part in (results.funnel, results.shares) if part is not None for note in part.notes}
    return tuple(note for note in table.notes if str(note) not in said)


def _base_sentence(survey: Survey, name: str | None, table: BannerTable, printer: Printer) -> str:
    level = printer.numbers.share(table.estimates.conf_level)
    if name is None:
        return printer.say(
            "Base: respondents of {wave} who answered, or those named in the row. Below each share: its {level} "
            "confidence interval.",
            wave=wave_label(printer, survey),
            level=level,
        )
    return printer.say(
        "Base: respondents of {wave} who answered, within the base “{base}”. Below each share: its {level} "
        "confidence interval.",
        wave=wave_label(printer, survey),
        base=shown_text(printer.label(survey.base[name].label or name)),
        level=level,
    )


def _table(survey: Survey, table: BannerTable, named: str | None, printer: Printer) -> Table:
    rows: list[Row] = []
    for block in table.blocks:
        for i in range(*block):
            rows += _share_rows(table, i, _row_label(table.rows[i], printer, asked_in((survey,))), printer)
        rows += _base_rows(table, block[0], printer)
    base = _base_sentence(survey, named, table, printer)
    caption = wave_label(printer, survey) if table.label is None else shown_text(printer.label(table.label))
    return Table(
        anchor=f"tab-table-{table.id}",
        caption=caption,
        columns=(
            Column(text=printer.say("Share"), align="left", width=2.2),
            *(_column(survey, column, printer) for column in table.columns),
        ),
        rows=tuple(rows),
        base=f"{base} {sampling_words(printer, survey)}",
        notes=tuple(_notes(survey, table, printer)),
        origin="simulated" if survey.simulated else "measured",
    )


def _column(survey: Survey, column: BannerColumn, printer: Printer) -> Column:
    if not column.group:
        return Column(text=printer.say("All"), align="right", width=1.0)
    level = shown_text(_level_label(survey, column, printer))
    return Column(
        text=f"{level} ({column.letter})",
        align="right",
        width=1.1,
        group=group_label(printer, survey, column.group),
    )


def _level_label(survey: Survey, column: BannerColumn, printer: Printer) -> str:
    """Name a level in the language of the report, from its name in the study's first language."""
    for label in survey.group[column.group].levels.values():
        if not isinstance(label, str) and column.level in label.values():
            return printer.label(label)
    return level_label(printer, survey, column.group, column.level)


def _row_label(row: BannerRow, printer: Printer, asked: Asked) -> str:
    if row.kind == "step":
        return step_label(printer, row.key, asked)
    if row.kind == "conversion":
        said = conversion_label(printer, row.key.partition(".")[0], asked)
        return said[:1].upper() + said[1:]
    label = shown_text(printer.label(row.label))
    if not row.joined:
        return label
    return f"{label} ({', '.join(shown_text(printer.label(one)) for one in row.joined)})"


def _share_rows(table: BannerTable, i: int, label: str, printer: Printer) -> Iterator[Row]:
    """Give a row of shares with their letters, and a row of their intervals."""
    shares: list[str | Cell] = [label]
    intervals: list[str | Cell] = [Cell(text=printer.say("interval"), tone="muted")]
    for j, column in enumerate(table.columns):
        found = table.at(i, j)
        if found is None:
            shares.append(SUPPRESSED if table.flag[i, j] == SUPPRESSED else "–")
            intervals.append(Cell(text="–", tone="muted"))
            continue
        identifier = ".".join(
            part for part in ("table", table.id, table.rows[i].key, column.group, column.level) if part
        )
        marks = f"{table.flag[i, j]} {table.above[i, j]}".rstrip()
        shares.append(f"{printer.estimate(identifier, found)}{marks}")
        intervals.append(Cell(text=printer.interval(identifier, found), tone="muted"))
    yield tuple(shares)
    yield tuple(intervals)


def _base_rows(table: BannerTable, i: int, printer: Printer) -> Iterator[Row]:
    """Give the bases of a block of rows, by its first."""
    kinds = {
        "n": (printer.say("Respondents"), "a count of respondents"),
        "n_weighted": (printer.say("Weighted base"), "a sum of weights"),
        "n_effective": (printer.say("Effective base"), "respondents over the design effect"),
    }
    for kind, (label, why) in kinds.items():
        cells: list[str | Cell] = [label]
        for j, column in enumerate(table.columns):
            identifier = ".".join(
                part for part in ("table", table.id, table.rows[i].key, kind, column.group, column.level) if part
            )
            value = round(float(getattr(table, kind)[i, j]))
            text = printer.value(identifier, value, unit="count", why_no_interval=why)
            if kind == "n_effective":
                kish = printer.say("{n} (Kish)", n=text) if table.by_kish[i, j] else text
                text = f"{kish}{table.flag[i, j]}"
            cells.append(text)
        yield tuple(cells)


def _notes(survey: Survey, table: BannerTable, printer: Printer) -> Iterator[str]:
    for note in table.notes:
        yield survey_note(printer, (survey,), note)
    low, high = (printer.numbers.share(level) for level in table.conf_levels)
    adjusted = {
        "holm": printer.say("Holm’s method allows for the number of pairs of columns in a row and group."),
        "fdr": printer.say(
            "Benjamini and Hochberg’s method allows for the number of pairs of columns in a row and group."
        ),
        "none": printer.say("Nothing allows for the number of pairs of columns."),
    }
    yield printer.say(
        "Small letters: significant at {low}; capitals: at {high}. Student’s t from the covariance of all "
        "shares under the survey design.",
        low=low,
        high=high,
    )
    yield adjusted[table.adjustment]
    yield printer.say(
        "Effective base: the respondents over the design effect of the shares above it, taken together; "
        "never more than the respondents."
    )
    if table.by_kish.any():
        yield printer.say("(Kish): no share above it has a variance; Kish’s effective base, of the weights alone.")
    flags = set(table.flag.ravel())
    if "*" in flags:
        yield printer.say(
            "* Effective base below {n}: to be read with care.", n=printer.numbers.count(round(table.flagged))
        )
    if SUPPRESSED in flags:
        yield printer.say(
            "** Effective base below {n}: neither shown nor compared.",
            n=printer.numbers.count(round(table.suppressed)),
        )
