"""How far it can go: curves of diffusion and the ceiling that retention puts on reach."""

from __future__ import annotations

from collections.abc import Mapping

from reports.document.blocks import Block, Column, Heading, Paragraph, Row, RowGroup, Table
from reports.figures.diffusion import curve_label
from reports.figures.drawn import FigureWords
from reports.results.diffusion import ReachResults, Spread
from reports.results.study import StudyResults
from reports.sections.figure_block import figure_block
from reports.words.labels import asked_in, platform_label, step_label
from reports.words.printer import Printer
from surveys.core.results import Estimate, Unavailable
from surveys.published.series import publisher_name


def write_diffusion(results: StudyResults, printer: Printer, figures: Mapping[str, FigureWords]) -> list[Block]:
    """
    Write the chapter on how far the main platform may spread.

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
        Empty where there is neither a series long enough nor anything on reach.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_diffusion(example_results(), open_printer("en"), {})[0].text
    'How far it can go'
    """
    found = results.diffusion
    if found is None or not (found.spreads or found.falling or found.reach):
        return []
    blocks: list[Block] = [Heading(level=1, text=printer.say("How far it can go"), anchor="diffusion")]
    if found.spreads:
        blocks.append(Paragraph.of(_curves(results, found.spreads, printer)))
        blocks += [figure_block(figures["diffusion"])] if "diffusion" in figures else []
        blocks.append(_parameters(found.spreads, results, printer))
    blocks += [
        Paragraph.of(
            printer.say(
                "{step}: {reason}.",
                step=step_label(printer, step, asked_in(results.study.survey, found.platform)),
                reason=printer.note(note),
            )
        )
        for step, note in found.falling.items()
    ]
    if found.reach is not None:
        blocks.append(
            Heading(level=2, text=printer.say("Does retention put a ceiling on reach?"), anchor="reach-ceiling")
        )
        blocks.append(Paragraph.of(_ceiling(found.reach, printer)))
        blocks += [figure_block(figures["ceiling"])] if "ceiling" in figures else []
        if found.reach.newcomers is not None:
            blocks.append(_reaches(found.reach, results, printer))
        if found.reach.needed:
            blocks.append(_needed(found.reach, results, printer))
        if found.reach.decay:
            blocks += [Paragraph.of(_one_rate(found.reach, printer)), _decay(found.reach, results, printer)]
    return blocks


def _curves(results: StudyResults, spreads: tuple[Spread, ...], printer: Printer) -> str:
    text = printer.say(
        "A logistic curve and Bass’ curve are fitted to what was measured of {platform}. With so few points they say "
        "more about the model than about the future: what counts is whether the data bound the ceiling.",
        platform=platform_label(
            printer, results.study, "" if results.diffusion is None else results.diffusion.platform
        ),
    )
    for spread in spreads:
        fit = spread.fits["logistic"] if "logistic" in spread.fits else next(iter(spread.fits.values()))
        step, name = (
            step_label(
                printer,
                spread.step,
                asked_in(results.study.survey, results.diffusion.platform if results.diffusion else ""),
            ).lower(),
            f"diffusion.{spread.step}.{fit.model}",
        )
        if fit.ceiling_is_known:
            text += " " + printer.say(
                "{step}: a ceiling of {ceiling} ({interval}), by the {model} curve.",
                step=step.capitalize(),
                ceiling=printer.estimate(f"{name}.ceiling", fit.ceiling, digits=0),
                interval=printer.interval(f"{name}.ceiling", fit.ceiling, digits=0),
                model=curve_label(printer, fit.model),
            )
        else:
            text += " " + printer.say(
                "{step}: no ceiling can be read from the data; any between {low} and everybody fits them.",
                step=step.capitalize(),
                low=printer.value(
                    f"diffusion.{spread.step}.lowest_ceiling",
                    min(found.ceiling.conf_low for found in spread.fits.values()),
                    unit="share",
                    digits=0,
                    why_no_interval="the lower end of an interval",
                ),
            )
        last = spread.points.iloc[-1]
        over = fit.ceiling.estimate < float(last["share"])
        if over:
            text += " " + printer.say(
                "Yet the last value measured, {last}, is already above it: growth does not follow these curves to "
                "the end.",
                last=printer.value(
                    f"diffusion.{spread.step}.last", float(last["share"]), unit="share", why_no_interval="as measured"
                ),
            )
    return text


def _parameters(spreads: tuple[Spread, ...], results: StudyResults, printer: Printer) -> Table:
    rows: list[Row] = []
    for spread in spreads:
        rows.append(
            RowGroup(
                text=step_label(
                    printer,
                    spread.step,
                    asked_in(results.study.survey, results.diffusion.platform if results.diffusion else ""),
                )
            )
        )
        rows += [_parameter_row(spread, name, printer) for name in spread.fits]
    year = printer.numbers.month(f"{int(max(spread.ahead for spread in spreads)):04d}-01")
    headers = (
        printer.say("Curve"),
        printer.say("Ceiling"),
        printer.say("Fastest growth"),
        printer.say("Rates a year"),
        printer.say("Expected in {date}", date=year),
        printer.say("Scatter"),
    )
    level = printer.numbers.share(results.study.study.conf_level)
    return Table(
        anchor="tab-diffusion",
        caption=printer.say("Curves of diffusion and their parameters"),
        columns=tuple(
            Column(text=text, width=width) for text, width in zip(headers, (0.9, 1.4, 2.7, 1.9, 2.0, 0.9), strict=True)
        ),
        rows=tuple(rows),
        base=printer.say(
            "Base: the points of the figure. {level} intervals: profile likelihood for the ceiling, delta method "
            "for the "
            "others; for the share expected, delta method, then bootstrap. Scatter: how many times wider than sampling "
            "and rounding allow.",
            level=level,
        ),
        notes=(
            printer.say(
                "Rates: growth of the logistic curve; innovation and imitation of Bass’. A ceiling is only known where "
                "its interval ends before everybody and growth has begun to slow."
            ),
        ),
    )


def _parameter_row(spread: Spread, name: str, printer: Printer) -> Row:
    fit, prefix = spread.fits[name], f"diffusion.{spread.step}.{name}"
    rates = ("growth",) if name == "logistic" else ("innovation", "imitation")
    told = [
        _with_interval(printer, f"{prefix}.{rate}", fit.parameter(rate), digits=4 if rate == "innovation" else 2)
        for rate in rates
    ]
    delta, bootstrap = spread.expected[name]
    expected = printer.say(
        "{share} ({delta}; {bootstrap})",
        share=printer.estimate(f"{prefix}.expected", delta, digits=0),
        delta=printer.interval(f"{prefix}.expected", delta, digits=0),
        bootstrap=printer.interval(f"{prefix}.expected_bootstrap", bootstrap, digits=0),
    )
    scatter = printer.value(
        f"{prefix}.scatter", fit.dispersion**0.5, unit="ratio", digits=1, why_no_interval="a measure of fit"
    )
    return (
        curve_label(printer, name),
        _with_interval(printer, f"{prefix}.ceiling", fit.ceiling, digits=0),
        _with_interval(printer, f"{prefix}.inflection", fit.inflection),
        "; ".join(told),
        expected,
        scatter,
    )


def _with_interval(printer: Printer, name: str, found: Estimate | Unavailable, *, digits: int | None = None) -> str:
    if isinstance(found, Unavailable):
        return printer.note(found.reason)
    return printer.say(
        "{value} ({interval})",
        value=printer.estimate(name, found, digits=digits),
        interval=printer.interval(name, found, digits=digits),
    )


def _ceiling(reach: ReachResults, printer: Printer) -> str:
    text = printer.say(
        "In a steady state as many arrive as leave: reach is the newcomers of a month divided by the share of visitors "
        "who do not come back. Retention alone therefore caps nothing; it says how many must arrive."
    )
    if reach.needed:
        share, newcomers, returning = next(row for row in reach.needed if row[0] == 0.10)
        assert reach.statement is not None
        assert reach.statement.retention is not None
        text += " " + printer.say(
            "At a retention of {retention}, a reach of {reach} needs {newcomers} of the universe to arrive each "
            "month, or, "
            "once there are no newcomers left, {returning} of the lapsed to come back.",
            retention=printer.published(reach.statement.retention),
            reach=printer.numbers.share(share),
            newcomers=printer.estimate("ceiling.needed.10", newcomers, digits=0),
            returning=printer.estimate("ceiling.needed.10.returning", returning, digits=1),
        )
    capped = None if reach.newcomers is None else reach.newcomers.constant
    if reach.flows is not None and isinstance(capped, Estimate) and capped.conf_high < reach.flows.reach.conf_low:
        assert reach.newcomers is not None
        text += " " + printer.say(
            "In the log, {first} of new accounts stay their first month and {inflow} of the universe arrive: at "
            "that one "
            "rate reach would be {capped}. It is {seen} ({interval}): those who stay their first month leave "
            "much more slowly after it.",
            first=printer.estimate("ceiling.log.first", reach.newcomers.retention, digits=0),
            inflow=printer.estimate("ceiling.log.newcomers", reach.flows.newcomers, digits=2),
            capped=printer.estimate("ceiling.newcomers.constant", capped, digits=1),
            seen=printer.estimate("ceiling.log.reach", reach.flows.reach, digits=1),
            interval=printer.interval("ceiling.log.reach", reach.flows.reach, digits=1),
        )
    return text


def _reaches(reach: ReachResults, results: StudyResults, printer: Printer) -> Table:
    assert reach.newcomers is not None
    assert reach.everybody is not None
    assert reach.flows is not None
    horizon = printer.numbers.count(reach.newcomers.horizon or 0)
    told: list[tuple[str, str, Estimate | None, Estimate | Unavailable]] = [
        (
            "newcomers.constant",
            printer.say("Everybody leaves at the rate of new accounts"),
            reach.newcomers.retention,
            reach.newcomers.constant,
        ),
        (
            "everybody.constant",
            printer.say("Everybody leaves at the average rate of all who are active"),
            reach.everybody.retention,
            reach.everybody.constant,
        ),
        (
            "newcomers.mixed",
            printer.say("Rates of leaving differ and fall with tenure; {months} months of newcomers", months=horizon),
            None,
            reach.newcomers.mixed,
        ),
        (
            "everybody.returning",
            printer.say("Nobody is left to arrive: only lapsed accounts return"),
            reach.everybody.retention,
            reach.everybody.returning,
        ),
    ]
    rows: list[Row] = []
    for name, label, kept, found in told:
        rows.append(
            (
                label,
                "" if kept is None else _with_interval(printer, f"ceiling.{name}.retention", kept, digits=1),
                _with_interval(printer, f"ceiling.{name}", found, digits=1),
            )
        )
    rows.append(
        (printer.say("Seen in the log"), "", _with_interval(printer, "ceiling.log.reach", reach.flows.reach, digits=1))
    )
    usage = results.study.usage
    return Table(
        anchor="tab-ceiling",
        caption=printer.say("Reach of the log under each assumption"),
        columns=(
            Column(text=printer.say("Assumption"), width=4),
            Column(text=printer.say("Back the next month"), width=2),
            Column(text=printer.say("Reach"), width=2),
        ),
        rows=tuple(rows),
        base=printer.say(
            "Base: {universe} people; {inflow} of them arrive each month ({interval}), {first} to {last}. {level} "
            "intervals carried from the inputs, which are taken as independent.",
            universe=printer.value(
                "ceiling.universe", reach.flows.universe, unit="people", why_no_interval="as the study states it"
            ),
            inflow=printer.estimate("ceiling.log.inflow", reach.flows.inflow, digits=2),
            interval=printer.interval("ceiling.log.inflow", reach.flows.inflow, digits=2),
            first=printer.numbers.month(reach.flows.first_month),
            last=printer.numbers.month(reach.flows.last_month),
            level=printer.numbers.share(results.study.study.conf_level),
        ),
        origin="simulated" if usage is not None and usage.simulated else "measured",
    )


def _needed(reach: ReachResults, results: StudyResults, printer: Printer) -> Table:
    assert reach.statement is not None
    assert reach.statement.retention is not None
    rows: list[Row] = [
        (
            printer.numbers.share(share),
            _with_interval(printer, f"ceiling.needed.{round(100 * share)}", newcomers, digits=1),
            _with_interval(printer, f"ceiling.needed.{round(100 * share)}.returning", returning, digits=1),
        )
        for share, newcomers, returning in reach.needed
    ]
    return Table(
        anchor="tab-needed",
        caption=printer.say(
            "What a reach needs each month, at a retention of {retention}",
            retention=printer.published(reach.statement.retention),
        ),
        columns=(
            Column(text=printer.say("Reach"), width=1),
            Column(text=printer.say("Newcomers, share of the universe"), width=2, align="right"),
            Column(text=printer.say("Or lapsed who return, share of them"), width=2, align="right"),
        ),
        rows=tuple(rows),
        base=printer.say("Base: the universe, constant; steady state. Intervals carry the rounding of the retention."),
    )


def _one_rate(reach: ReachResults, printer: Printer) -> str:
    last = reach.decay[-1]
    values = {
        "months": printer.numbers.count(last.months),
        "constant": printer.estimate(f"ceiling.decay.{last.months}.constant", last.constant, digits=3),
        "seen": printer.estimate(f"ceiling.decay.{last.months}.seen", last.seen, digits=1),
        "interval": printer.interval(f"ceiling.decay.{last.months}.seen", last.seen, digits=1),
    }
    if last.seen.conf_low > last.constant.conf_high:
        text = printer.say(
            "One rate for all is rejected: it would leave {constant} of accounts after {months} months; the log shows "
            "{seen} ({interval}).",
            **values,
        )
        return text + _old_cohorts(reach, printer)
    return printer.say(
        "One rate for all is not rejected: it would leave {constant} of accounts after {months} months; the log shows "
        "{seen} ({interval}).",
        **values,
    )


def _old_cohorts(reach: ReachResults, printer: Printer) -> str:
    """Say which published cohorts kept more than one rate for all would leave after a year."""
    left = reach.decay[-1].constant.conf_high
    told = [
        f"{printer.published(figure)} ({publisher_name(figure.publisher)}, {printer.numbers.period(figure.date)})"
        for figure in reach.old_cohorts
        if figure.value - figure.half_unit > left
    ]
    if not told:
        return ""
    return " " + printer.say(
        "Published shares of old cohorts still active say so too: {values}.", values=", ".join(told)
    )


def _decay(reach: ReachResults, results: StudyResults, printer: Printer) -> Table:
    with_claim = all(row.claimed is not None for row in reach.decay)
    columns = [Column(text=printer.say("Months"), width=1)]
    if with_claim:
        columns.append(Column(text=printer.say("At the published rate"), width=2, align="right"))
    columns += [
        Column(text=printer.say("At the rate of the first month of the log"), width=2.4, align="right"),
        Column(text=printer.say("Seen in the log"), width=2, align="right"),
    ]
    rows: list[Row] = []
    for row in reach.decay:
        name, digits = f"ceiling.decay.{row.months}", 3 if row.constant.estimate < 0.001 else 1
        cells = [printer.numbers.count(row.months)]
        if with_claim and row.claimed is not None:
            cells.append(_with_interval(printer, f"{name}.claimed", row.claimed, digits=digits))
        cells.append(_with_interval(printer, f"{name}.constant", row.constant, digits=digits))
        cells.append(_with_interval(printer, f"{name}.seen", row.seen, digits=1))
        rows.append(tuple(cells))
    usage = results.study.usage
    return Table(
        anchor="tab-decay",
        caption=printer.say("Accounts left after some months: one rate for all, and what is seen"),
        columns=tuple(columns),
        rows=tuple(rows),
        base=printer.say(
            "Base: accounts of the log, {n}; months of 30 days. {level} intervals, log-log for Kaplan-Meier; the "
            "published rate carries its rounding only.",
            n=printer.numbers.count(reach.decay[0].seen.n or 0),
            level=printer.numbers.share(results.study.study.conf_level),
        ),
        origin="simulated" if usage is not None and usage.simulated else "measured",
    )
