"""For whom: accounts of each level of a group compared, in numbers."""

from __future__ import annotations

from collections.abc import Mapping

from reports.figures.drawn import DrawnFigure
from reports.figures.staying_groups import group_id
from reports.figures.survival import lasting
from reports.labels import with_interval
from reports.model import Block, Column, Heading, Table
from reports.printer import Printer
from reports.recipe import Results
from reports.sections.figure_block import figure_block
from reports.usage import GroupStaying
from surveys.results import Estimate


def write_staying_groups(results: Results, printer: Printer, figures: Mapping[str, DrawnFigure]) -> list[Block]:
    """
    Write the part on who stays how long.

    Parameters
    ----------
    results : Results
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.
    figures : mapping of str to DrawnFigure
        Those drawn, by name.

    Returns
    -------
    list of Block
        Empty where the study names no group of accounts.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.printer import open_printer
    >>> write_staying_groups(example_results(), open_printer("en"), {})
    []
    """
    staying, usage = results.staying, results.study.usage
    if staying is None or usage is None or not staying.groups:
        return []
    blocks: list[Block] = [Heading(level=2, text=printer.say("For whom"), anchor="staying-groups")]
    if "staying-groups" in figures:
        blocks.append(figure_block(figures["staying-groups"]))
    return blocks + [_table(results, printer, group, usage.horizon) for group in staying.groups]


def _table(results: Results, printer: Printer, group: GroupStaying, horizon: int) -> Table:
    assert results.study.usage is not None
    unit = group.means.time_unit
    rows = []
    for i, level in enumerate(group.means.levels):
        curve = group.curves[level]
        kept = curve.at(horizon)
        mean = _mean(group, i)
        rows.append(
            (
                level,
                printer.numbers.count(curve.n),
                with_interval(printer, group_id(group, level, horizon), kept, digits=1)
                if isinstance(kept, Estimate)
                else printer.note(kept.reason),
                with_interval(printer, f"bygroup.{group.name}.{level}.mean", mean),
                "" if level == group.means.reference else printer.numbers.p_value(float(group.means.p_value[i])),
            )
        )
    headers = (
        printer.say("Level"),
        printer.say("Accounts"),
        printer.say("Still there after {time}", time=lasting(printer, horizon, unit)),
        printer.say("Mean tenure within {time}", time=lasting(printer, int(group.means.until), unit)),
        printer.say("p, against {level}", level=group.means.reference),
    )
    return Table(
        anchor=f"tab-staying-{results.study.usage.group.index(group.name) + 1}",
        caption=printer.say("How long accounts stay, by {group}", group=group.name),
        columns=tuple(Column(text=header, align="left" if i == 0 else "right") for i, header in enumerate(headers)),
        rows=tuple(rows),
        base=printer.say(
            "Base: {n} accounts. In brackets: {level} confidence intervals. Do the levels leave at one rate? "
            "Log-rank test: chi-squared {statistic}, {df} degrees of freedom, {p}.",
            n=printer.numbers.count(int(group.test.n.sum())),
            level=printer.numbers.share(group.means.conf_level),
            statistic=printer.numbers.number(group.test.chi_squared),
            df=printer.numbers.count(group.test.df),
            p=printer.numbers.p_value(group.test.p_value),
        ),
        notes=(printer.say("Simulated data."),) if results.study.usage.simulated else (),
    )


def _mean(group: GroupStaying, i: int) -> Estimate:
    means = group.means
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
