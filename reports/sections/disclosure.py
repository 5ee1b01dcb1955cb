"""What a reader must know about the surveys: what is told, what the data show, and what is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reports.document.blocks import Block, Cell, Column, Heading, Paragraph, Row, Table
from reports.sections.waves import mode_label
from reports.words.labels import (
    asked_in,
    group_label,
    listed,
    note_sentence,
    platform_label,
    sampling_words,
    step_label,
    survey_note,
    wave_label,
)
from reports.words.ledger import PrintedNumber
from reports.words.printer import Printer
from surveys.study.fields import Label
from surveys.study.schema import STEPS, Study, Survey
from surveys.tables.disclosure import ITEMS, DisclosedItem, Disclosure

BY_WAVE = ("dates", "sample_size", "precision")
WEIGHTED = {"weight", "fractions", "post-stratify", "rake", "calibrate"}


def write_disclosure(study: Study, disclosure: Disclosure, printer: Printer) -> list[Block]:
    """
    Write the disclosure page.

    Parameters
    ----------
    study : Study
        Whose surveys are disclosed.
    disclosure : Disclosure
        Of the study.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    list of Block
        Empty where the study has no survey.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from reports.words.printer import open_printer
    >>> from surveys.tables.disclosure import disclose
    >>> study = open_example("twitter_france")
    >>> write_disclosure(study, disclose(study), open_printer("en"))[0].text
    'What a reader must know about the surveys'
    """
    if not study.survey:
        return []
    blocks: list[Block] = [
        Heading(level=1, text=printer.say("What a reader must know about the surveys"), anchor="disclosure"),
        Paragraph.of(
            printer.say(
                "What AAPOR, the British Polling Council (BPC), ESOMAR and WAPOR, and articles 2 and 3 of the "
                "French law 77-808 on electoral polls ask to be told. What neither the study nor its data say "
                "is marked as such."
            )
        ),
        _items_table(study, disclosure, printer),
        _waves_table(study, disclosure, printer),
    ]
    if any(item.said is not None for item in disclosure.of("wording")):
        blocks.append(_wordings_table(study, disclosure, printer))
    if len(disclosure.nonresponse):
        blocks.append(_nonresponse_table(study, disclosure, printer))
    return blocks


def _items_table(study: Study, disclosure: Disclosure, printer: Printer) -> Table:
    return Table(
        anchor="tab-disclosure",
        caption=printer.say("Who asked whom, how, and for whom"),
        columns=(
            Column(text=printer.say("Item"), width=1.5),
            Column(text=printer.say("What the study says"), width=3.6),
            Column(text=printer.say("Asked for by"), width=1.6),
        ),
        rows=tuple(_item_row(name, study, disclosure, printer) for name in ITEMS if disclosure.of(name)),
        base=printer.say("Base: the surveys of this study."),
        notes=(),
    )


def _item_row(name: str, study: Study, disclosure: Disclosure, printer: Printer) -> Row:
    items = disclosure.of(name)
    rules = ", ".join(_rule(rule, printer) for rule in items[0].required_by) if items else ""
    said = [printer.label(item.said) for item in items if item.said is not None and not item.wave]
    said += _by_wave(name, items, study, printer)
    gaps = [item for item in items if item.origin == "gap"]
    if gaps and not said:
        return (item_label(printer, name), Cell(text=printer.say("Not told"), tone="strong"), rules)
    if gaps:
        said.append(_gap(name, gaps, study, printer))
    return (item_label(printer, name), " ".join(said), rules)


def _rule(rule: str, printer: Printer) -> str:
    return printer.say("law 77-808") if rule == "77-808" else rule


def _by_wave(name: str, items: Sequence[DisclosedItem], study: Study, printer: Printer) -> list[str]:
    """Say what the waves say, once where they say the same, or where it stands."""
    waves = [item for item in items if item.wave and item.origin != "gap"]
    if not waves:
        return []
    match name:
        case "population" | "mode":
            said = listed(printer, [_said(name, item.said, printer) for item in waves if item.said is not None])
            return [f"{said[:1].upper()}{said[1:]}."]
        case "weighting":
            surveys = {survey.wave: survey for survey in study.survey}
            return [listed(printer, [_design(item, surveys[item.wave], printer) for item in waves]) + "."]
        case "wording":
            return [printer.say("See the table of questions.")]
        case "item_nonresponse":
            return [printer.say("See the table of missing answers.")]
        case "precision":
            return [sampling_words(printer, study.survey[-1]), printer.say("See the table of waves.")]
        case _:
            return [printer.say("See the table of waves.")]


def _said(name: str, said: Label, printer: Printer) -> str:
    return mode_label(printer, said) if name == "mode" and isinstance(said, str) else printer.label(said)


def _design(item: DisclosedItem, survey: Survey, printer: Printer) -> str:
    """Say what weighs the respondents of a wave, and how they were drawn."""
    values = {name: str(value) for name, value in item.values.items() if value}
    columns = {
        "weight": printer.say("Weight"),
        "fractions": printer.say("Weighted by the inverse of the sampling fractions"),
        "strata": printer.say("Strata"),
        "cluster": printer.say("Clusters"),
        "post-stratify": printer.say("Post-stratified by"),
        "rake": printer.say("Raked to"),
        "calibrate": printer.say("Calibrated to"),
    }
    told = [
        printer.say("{what}: {column}", what=what, column=_margins(values[name], survey, printer))
        for name, what in columns.items()
        if name in values
    ]
    told += [printer.say("Weights trimmed")] if "trim" in values else []
    return ", ".join(told if WEIGHTED & values.keys() else [printer.say("Not weighted"), *told])


def _margins(names: str, survey: Survey, printer: Printer) -> str:
    """Name columns and groups, one after the other or crossed."""
    for between in (", ", " × "):
        if between in names:
            return between.join(_margins(name, survey, printer) for name in names.split(between))
    return group_label(printer, survey, names) if names in survey.group else names


def _gap(name: str, gaps: Sequence[DisclosedItem], study: Study, printer: Printer) -> str:
    if name == "weighting":
        return printer.say("How the weights were made is not told.")
    surveys = {survey.wave: survey for survey in study.survey}
    waves = [wave_label(printer, surveys[item.wave]) for item in gaps if item.wave]
    return printer.say("Not told for: {waves}.", waves=", ".join(dict.fromkeys(waves)))


def item_label(printer: Printer, name: str) -> str:
    """
    Name something to be told.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    name : str
        One of `surveys.tables.disclosure.ITEMS`.

    Returns
    -------
    str
        In the language of the report.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> item_label(open_printer("fr"), "sponsor")
    'Commanditaire'
    """
    return {
        "sponsor": printer.say("Sponsor"),
        "institute": printer.say("Institute"),
        "population": printer.say("Population"),
        "frame": printer.say("Sampling frame"),
        "recruitment": printer.say("Recruitment"),
        "mode": printer.say("Mode"),
        "dates": printer.say("Dates of fieldwork"),
        "sample_size": printer.say("Size of the sample"),
        "precision": printer.say("Precision"),
        "weighting": printer.say("Weighting"),
        "wording": printer.say("Questions"),
        "item_nonresponse": printer.say("Answers missing, by question"),
        "response": printer.say("Share of those approached who answered"),
        "incentives": printer.say("Incentives"),
        "limitations": printer.say("Limitations"),
        "contact": printer.say("Where the full notice can be read"),
    }[name]


def _waves_table(study: Study, disclosure: Disclosure, printer: Printer) -> Table:
    told = {name: {item.wave: item for item in disclosure.of(name) if item.wave} for name in BY_WAVE}
    rows = []
    for survey in study.survey:
        size = told["sample_size"][survey.wave].values
        n = int(size["n"])
        rows.append(
            (
                wave_label(printer, survey),
                printer.numbers.period(survey.date) if survey.date else printer.say("Not told"),
                _count(printer, f"disclosure.{survey.wave}.n", n, "a count of respondents"),
                _count(printer, f"disclosure.{survey.wave}.n_effective", int(size["n_effective"]), "from the weights"),
                _half_width(survey, told["precision"].get(survey.wave), n, printer),
            )
        )
    headers = (
        printer.say("Wave"),
        printer.say("Fieldwork"),
        "n",
        printer.say("n after weighting"),
        printer.say("Widest margin"),
    )
    level = printer.numbers.share(study.study.conf_level)
    return Table(
        anchor="tab-disclosure-waves",
        caption=printer.say("Dates, sizes and precision of the waves"),
        columns=tuple(
            Column(text=header, align="right" if index > 1 else "left", width=width)
            for index, (header, width) in enumerate(zip(headers, (1.3, 2.2, 0.8, 1.1, 1.2), strict=True))
        ),
        rows=tuple(rows),
        base=printer.say(
            "Base: all respondents of each wave. n after weighting: as many respondents of equal weight "
            "would tell as much (Kish). Margin: half of the widest {level} interval of a share of all respondents.",
            level=level,
        ),
        notes=((printer.say("Simulated data."),) if any(survey.simulated for survey in study.survey) else ())
        + tuple(survey_note(printer, study.survey, note) for note in disclosure.about),
    )


def _count(printer: Printer, identifier: str, n: int, why: str) -> str:
    return printer.value(identifier, n, unit="count", why_no_interval=why)


def _half_width(survey: Survey, item: DisclosedItem | None, n: int, printer: Printer) -> str:
    width = float("nan") if item is None or item.origin == "gap" else float(item.values["half_width"])
    if not math.isfinite(width):
        return printer.say("Not told")
    shown = printer.numbers.points(width).removeprefix("+")
    number = PrintedNumber(
        id=f"disclosure.{survey.wave}.margin", value=width, unit="points", base=n, why_no_interval="half of an interval"
    )
    printer.ledger.record(number, printer.language, shown)
    return f"± {shown}"


def _wordings_table(study: Study, disclosure: Disclosure, printer: Printer) -> Table:
    surveys = {survey.wave: survey for survey in study.survey}
    rows: list[Row] = []
    for step in STEPS:
        asked = [item for item in disclosure.of("wording") if item.values["step"] == step]
        said: dict[str, list[str]] = {}
        for item in asked:
            text = printer.say("Not told") if item.said is None else printer.label(item.said)
            said.setdefault(text, []).append(wave_label(printer, surveys[item.wave]))
        for text, waves in said.items():
            when = waves[0] if len(waves) == 1 else f"{waves[0]} → {waves[-1]} ({printer.numbers.count(len(waves))})"
            rows.append((step_label(printer, step, asked_in(study.survey)), text, when))
    return Table(
        anchor="tab-wordings",
        caption=printer.say("Questions, as they were asked"),
        columns=(
            Column(text=printer.say("Step"), width=1.4),
            Column(text=printer.say("Question"), width=3.4),
            Column(text=printer.say("Waves"), width=2.2),
        ),
        rows=tuple(rows),
        base=printer.say("Base: the waves named; in brackets, how many."),
        notes=(),
    )


def _nonresponse_table(study: Study, disclosure: Disclosure, printer: Printer) -> Table:
    rows: list[Row] = []
    records = disclosure.nonresponse.to_dict("records")
    for survey in study.survey:
        found = [row for row in records if row["wave"] == survey.wave and row["n_asked"]]
        if not found:
            continue
        worst = max(found, key=lambda row: float(row["share"]))
        n = int(worst["n_asked"])
        share = printer.value(
            f"disclosure.{survey.wave}.nonresponse",
            float(worst["share"]),
            unit="share",
            why_no_interval="a share of this sample",
            base=n,
            digits=1,
        )
        rows.append(
            (
                wave_label(printer, survey),
                printer.numbers.count(len(found)),
                _question(str(worst["question"]), study, printer),
                share,
                printer.numbers.count(n),
            )
        )
    headers = (
        printer.say("Wave"),
        printer.say("Questions"),
        printer.say("Most often without an answer"),
        printer.say("Share missing"),
        printer.say("Asked"),
    )
    return Table(
        anchor="tab-nonresponse",
        caption=printer.say("Answers missing, by wave"),
        columns=tuple(
            Column(text=header, align="left" if index in (0, 2) else "right", width=width)
            for index, (header, width) in enumerate(zip(headers, (1.4, 0.9, 2.6, 1.1, 0.9), strict=True))
        ),
        rows=tuple(rows),
        base=printer.say("Base: those who were asked each question, not weighted."),
        notes=tuple(note_sentence(printer, note) for note in disclosure.notes),
    )


def _question(question: str, study: Study, printer: Printer) -> str:
    platform, _, step = question.partition(".")
    if not step:
        return next(
            (
                printer.label(survey.share[question].label or question)
                for survey in study.survey
                if question in survey.share
            ),
            question,
        )
    name = platform_label(printer, study, platform)
    return (
        f"{name}, {step_label(printer, 'lapsed' if step == 'left' else step, asked_in(study.survey, platform)).lower()}"
    )
