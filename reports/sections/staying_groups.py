"""For whom: accounts of each level of a group compared, in numbers."""

from __future__ import annotations

from collections.abc import Mapping

from churn.survival.grouping import LEFT_OUT
from churn.survival.restricted_means import RestrictedMeans
from reports.document.blocks import Block, Column, Heading, Paragraph, Table
from reports.figures.drawn import FigureWords
from reports.figures.staying_groups import group_id
from reports.results.staying import GroupStaying
from reports.results.study import StudyResults
from reports.sections.figure_block import figure_block
from reports.words.durations import lasting
from reports.words.labels import note_sentence, with_interval
from reports.words.printer import Printer
from reports.words.silences import gap_sentences
from surveys.core.results import Estimate, Unavailable


def write_staying_groups(results: StudyResults, printer: Printer, figures: Mapping[str, FigureWords]) -> list[Block]:
    """
    Write the part on who stays how long.

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
        Empty where the study names no group of accounts.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_staying_groups(example_results(), open_printer("en"), {})
    []
    """
    staying, usage = results.staying, results.study.usage
    if staying is None or usage is None or not staying.groups:
        return []
    blocks: list[Block] = [Heading(level=2, text=printer.say("For whom"), anchor="staying-groups")]
    if "staying-groups" in figures:
        blocks.append(figure_block(figures["staying-groups"]))
    for group in staying.groups:
        blocks.append(_table(results, printer, group, usage.horizon) if group.curves else _why_not(printer, group))
    return blocks


def _why_not(printer: Printer, group: GroupStaying) -> Paragraph:
    assert isinstance(group.test, Unavailable)
    reason = printer.note(group.test.reason)
    return Paragraph.of(printer.say("Accounts by {group}: {reason}.", group=group.name, reason=reason))


def _table(results: StudyResults, printer: Printer, group: GroupStaying, horizon: int) -> Table:
    usage = results.study.usage
    assert usage is not None
    means = None if isinstance(group.means, Unavailable) else group.means
    unit = next(iter(group.curves.values())).time_unit
    rows = []
    for level, curve in group.curves.items():
        kept = curve.at(horizon)
        row = (
            level,
            printer.numbers.count(curve.n),
            with_interval(printer, group_id(group, level, horizon), kept, digits=1)
            if isinstance(kept, Estimate)
            else printer.note(kept.reason),
        )
        rows.append(row if means is None else (*row, *_mean_cells(printer, group.name, means, level)))
    headers = [
        printer.say("Level"),
        printer.say("Accounts"),
        printer.say("Still there after {time}", time=lasting(printer, horizon, unit)),
    ]
    if means is not None:
        within = lasting(printer, int(means.until), unit)
        headers += [
            printer.say("Mean tenure within {time}", time=within),
            printer.say("p, against {level}", level=means.reference),
        ]
    return Table(
        anchor=f"tab-staying-{usage.group.index(group.name) + 1}",
        caption=printer.say("How long accounts stay, by {group}", group=group.name),
        columns=tuple(Column(text=header, align="left" if i == 0 else "right") for i, header in enumerate(headers)),
        rows=tuple(rows),
        base=" ".join((_base(printer, group), *_at_horizon(printer, group, horizon, unit), _test(printer, group))),
        notes=(
            *((printer.say("Simulated data."),) if usage.simulated else ()),
            *_notes(printer, group),
            *gap_sentences(results, printer),
        ),
    )


def _mean_cells(printer: Printer, name: str, means: RestrictedMeans, level: str) -> tuple[str, str]:
    """Print the mean of a level, and the test against the reference; a dash where it is not compared."""
    if level not in means.levels:
        return "–", "–"
    mean = with_interval(printer, f"bygroup.{name}.{level}.mean", _mean(means, means.levels.index(level)))
    if level == means.reference:
        return mean, ""
    p_value = means.test_of(level)
    return mean, printer.note(p_value.reason) if isinstance(p_value, Unavailable) else printer.numbers.p_value(p_value)


def _base(printer: Printer, group: GroupStaying) -> str:
    curves = list(group.curves.values())
    return printer.say(
        "Base: {n} accounts. In brackets: {level} confidence intervals.",
        n=printer.numbers.count(sum(curve.n for curve in curves)),
        level=printer.numbers.share(curves[0].conf_level),
    )


def _at_horizon(printer: Printer, group: GroupStaying, horizon: int, unit: str) -> tuple[str, ...]:
    """Say whether levels are still there alike at the horizon, where the next visit tells."""
    if group.at is None:
        return ()
    if isinstance(group.at, Unavailable):
        return (note_sentence(printer, group.at.reason),)
    told = printer.say(
        "Are the levels still there alike after {time}? By the next visit: chi-squared {statistic}, {df} degrees of "
        "freedom, {p}.",
        time=lasting(printer, horizon, unit),
        statistic=printer.numbers.number(group.at.chi_squared),
        df=printer.numbers.count(group.at.df),
        p=printer.numbers.p_value(group.at.overall_p_value),
    )
    return (told,)


def _test(printer: Printer, group: GroupStaying) -> str:
    if isinstance(group.test, Unavailable):
        reason = printer.note(group.test.reason)
        return printer.say("No test whether the levels leave at one rate: {reason}.", reason=reason)
    return printer.say(
        "Do the levels leave at one rate? Log-rank test: chi-squared {statistic}, {df} degrees of freedom, {p}.",
        statistic=printer.numbers.number(group.test.chi_squared),
        df=printer.numbers.count(group.test.df),
        p=printer.numbers.p_value(group.test.p_value),
    )


def _notes(printer: Printer, group: GroupStaying) -> tuple[str, ...]:
    """Say who is in no level, and what keeps levels or all of them from being compared."""
    curve = next(iter(group.curves.values()))
    left_out = [note for note in curve.notes if note.message == LEFT_OUT]
    if isinstance(group.means, Unavailable):
        reason = printer.note(group.means.reason)
        why = printer.say("No comparison of mean tenures: {reason}.", reason=reason)
        return (*(note_sentence(printer, note) for note in left_out), why)
    uncompared = [note for note in group.means.notes if "levels" in note.values]
    return tuple(note_sentence(printer, note) for note in (*left_out, *uncompared))


def _mean(means: RestrictedMeans, i: int) -> Estimate:
    return Estimate(
        estimate=float(means.estimate[i]),
        std_error=float(means.std_error[i]),
        conf_low=float(means.conf_low[i]),
        conf_high=float(means.conf_high[i]),
        conf_level=means.conf_level,
        unit=means.time_unit,
        n=int(means.n[i]),
        method=means.method,
    )
