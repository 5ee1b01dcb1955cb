"""Further shares that the surveys name, for everybody and by group."""

from __future__ import annotations

from collections.abc import Sequence

from reports.document.blocks import Block, Column, Heading, RowGroup, Table
from reports.results.named import named_shares
from reports.results.study import StudyResults
from reports.words.labels import group_label, level_label, sampling_words, survey_note, wave_label, with_interval
from reports.words.printer import Printer
from surveys.study.schema import Survey


def write_shares(results: StudyResults, printer: Printer) -> list[Block]:
    """
    Write the part on further shares.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    list of Block
        Empty where no survey names a share.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_shares(example_results().but(shares=None), open_printer("en"))
    []
    """
    if results.shares is None:
        return []
    surveys = [survey for survey in results.study.survey if survey.share]
    simulated = any(survey.simulated for survey in surveys)
    table = Table(
        anchor="tab-shares",
        caption=printer.say("Shares, for everybody and by group")
        if results.funnel is None
        else printer.say("Further shares, for everybody and by group"),
        columns=(
            Column(text=printer.say("Among")),
            Column(text=printer.say("share"), align="right"),
            Column(text="n", align="right"),
        ),
        rows=tuple(row for survey in surveys for row in _rows(survey, results, printer)),
        base=printer.say(
            "Base: the people named above each part, those of n who answered. "
            "In brackets: {level} confidence intervals.",
            level=printer.numbers.share(results.study.study.conf_level),
        )
        + " "
        + sampling_words(printer, surveys[-1]),
        notes=((printer.say("Simulated data."),) if simulated else ()) + _notes(surveys, results, printer),
    )
    chapter = results.funnel is None
    title = printer.say("Shares") if chapter else printer.say("Further shares")
    return [Heading(level=1 if chapter else 2, text=title, anchor="shares"), table]


def _notes(surveys: Sequence[Survey], results: StudyResults, printer: Printer) -> tuple[str, ...]:
    """Say the caveats of the shares, without those that stand below the funnel."""
    assert results.shares is not None
    said = () if results.funnel is None else tuple(map(str, results.funnel.notes))
    notes = [note for note in results.shares.notes if str(note) not in said]
    return tuple(survey_note(printer, surveys, note) for note in notes)


def _rows(survey: Survey, results: StudyResults, printer: Printer) -> list[RowGroup | tuple[str, ...]]:
    assert results.shares is not None
    frame = results.shares.to_frame().query("wave == @survey.wave")
    named = named_shares(results.shares)
    rows: list[RowGroup | tuple[str, ...]] = []
    for name, share in survey.share.items():
        base = printer.say("everybody") if share.base is None else _base_label(survey, share.base, printer)
        rows.append(
            RowGroup(
                text=printer.say(
                    "{share}, {wave} (base: {base})",
                    share=printer.label(share.label or name),
                    wave=wave_label(printer, survey),
                    base=base,
                )
            )
        )
        for group, level, n in frame.query("share == @name")[["group", "level", "n"]].itertuples(index=False):
            if group and survey.group[group].item == share.item:
                continue  # by age, the share of the young is all or none
            identifier = ".".join(filter(None, ("share", survey.wave, name, group, level)))
            label = (
                printer.say(
                    "{group}: {level}",
                    group=group_label(printer, survey, group),
                    level=level_label(printer, survey, group, level),
                )
                if group
                else printer.say("everybody in the base")
            )
            rows.append((label, with_interval(printer, identifier, named[identifier]), printer.numbers.count(int(n))))
    return rows


def _base_label(survey: Survey, base: str, printer: Printer) -> str:
    return printer.label(survey.base[base].label or base)
