"""Who writes: the share of messages that the most active accounts write, of all accounts and of those that wrote."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures._marks import MARKERS
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import log_platform
from reports.results.network import ConcentrationResults
from reports.results.study import StudyResults
from reports.words.labels import listed, platform_label, with_interval
from reports.words.printer import Printer
from surveys.published.message_shares import TopShare

MOST_POINTS = 400
TICKS = (0, 0.2, 0.4, 0.6, 0.8, 1)


@draws("concentration")
def draw_concentration(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw the share of messages that the most active accounts write, with the top fifth read off.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the study has no log of messages.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("concentration").id
    'concentration'
    """
    usage, network = results.study.usage, results.network
    if usage is None or network is None or network.concentration is None:
        return None
    found = network.concentration
    top = printer.numbers.share(found.accounts.top)
    every, active = (
        printer.estimate(f"network.top20.{base}", measured.top_share, digits=1)
        for base, measured in (("accounts", found.accounts), ("active", found.active))
    )
    with figure_style():
        figure = _draw(found, printer)
    caption = printer.say(
        "The most active {top} of all accounts write {every} of the messages; of the accounts that wrote, {active}",
        top=top,
        every=every,
        active=active,
    )
    return DrawnFigure(
        id="concentration",
        figure=figure,
        caption=caption,
        subtitle=printer.say(
            "Share of the messages of {platform} written by the most active accounts, by their share of accounts",
            platform=platform_label(printer, results.study, log_platform(results.study)),
        ),
        alt=printer.say(
            "Two curves that rise steeply and then flatten: a Lorenz curve counted from the most active account, of "
            "all accounts and of those that wrote."
        )
        + " "
        + caption
        + ".",
        base=printer.say(
            "Base: {n} accounts known, {active} of which wrote; {messages} messages. Full points and numbers: the "
            "top {top}, with {level} confidence intervals, bootstrap over accounts.",
            n=printer.numbers.count(found.accounts.curve.n_accounts),
            active=printer.numbers.count(found.active.curve.n_accounts),
            messages=printer.numbers.count(round(found.active.curve.sum)),
            top=top,
            level=printer.numbers.share(found.active.gini.conf_level),
        )
        + (" " + _sources(printer, found) if found.published else ""),
        notes=(printer.say("Simulated data."),) if usage.simulated else (),
        data=pd.concat(
            [
                measured.curve.from_top().assign(base=base)
                for base, measured in (("accounts", found.accounts), ("active", found.active))
            ],
            ignore_index=True,
        ),
    )


def publisher_name(publisher: str, date: str) -> str:
    """
    Name who printed a figure in a few characters.

    Examples
    --------
    >>> publisher_name("Sysomos via MarketingProfs", "2010")
    'Sysomos 2010'
    """
    name = re.sub(r"\s*\(.*?\)", "", publisher.partition(" via ")[0]).strip()
    year = re.search(r"\d{4}", date)
    return f"{name} {year[0]}" if year else name


def _sources(printer: Printer, found: ConcentrationResults) -> str:
    """List published top shares, those of all accounts first."""

    def told(base: str) -> str:
        names: dict[str, list[str]] = {}
        for share in (share for share in found.published if share.base == base):
            top = printer.value(
                f"network.published.{share.figure.id}.top",
                share.top,
                unit="share",
                digits=1 if share.top * 1000 % 10 else 0,
                why_no_interval="the share of accounts that the publisher chose",
            )
            name = publisher_name(share.figure.publisher, share.figure.date)
            names.setdefault(name, []).append(
                printer.say("{share} for the top {top}", top=top, share=printer.published(share.figure))
            )
        return listed(printer, (f"{name} ({', '.join(shares)})" for name, shares in names.items()))

    every, active = told("accounts"), told("active")
    texts = [printer.say("Hollow points: published, of all accounts: {figures}.", figures=every)] if every else []
    if active:
        texts.append(printer.say("Hollow points: published, of accounts that wrote: {figures}.", figures=active))
    return " ".join(texts)


def _draw(found: ConcentrationResults, printer: Printer) -> Figure:
    figure = Figure(figsize=(TEXT_WIDTH, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.7, linestyle=(0, (4, 3)))
    axes.annotate(
        printer.say("if all wrote as much"),
        (0.62, 0.6),
        fontsize=7.5,
        color=MUTED,
        va="top",
        ha="left",
    )
    top = found.accounts.top
    labels = (printer.say("All accounts"), printer.say("Accounts that wrote"))
    for i, (base, measured) in enumerate((("accounts", found.accounts), ("active", found.active))):
        points = measured.curve.from_top()
        thin = np.unique(np.linspace(0, len(points) - 1, MOST_POINTS).round().astype(int))
        share = with_interval(printer, f"network.top20.{base}", measured.top_share, digits=1)
        label = printer.say("{base}: {share}", base=labels[i], share=share)
        style = "-" if i == 0 else (0, (6, 1.5))
        shown = points.iloc[thin]
        axes.plot(
            shown["accounts"], shown["total"], color=SERIES[i], linewidth=1.8, label=label, linestyle=style, zorder=4
        )
        axes.plot(top, measured.top_share.estimate, marker="o", color=SERIES[i], markersize=5, zorder=5)
    axes.vlines(top, 0, found.accounts.top_share.estimate, color=INK, linewidth=0.6, linestyle=(0, (1, 2)))
    _published(axes, found.published)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.set_xticks(TICKS, [printer.numbers.share(tick) for tick in TICKS])
    axes.set_yticks(TICKS, [printer.numbers.share(tick) for tick in TICKS])
    axes.grid(linewidth=0.4, alpha=0.5)
    axes.set_xlabel(printer.say("Share of accounts, most active first"))
    axes.set_ylabel(printer.say("Share of messages"))
    axes.legend(loc="lower right", frameon=True, framealpha=1, edgecolor="none", fontsize=8, handlelength=2.6)
    return figure


def _published(axes: Axes, shares: tuple[TopShare, ...]) -> None:
    """Mark published top shares, a marker for each publisher, in the colour of its base."""
    names = list(dict.fromkeys(publisher_name(share.figure.publisher, share.figure.date) for share in shares))
    for i, name in enumerate(names):
        own = [share for share in shares if publisher_name(share.figure.publisher, share.figure.date) == name]
        active = all(share.base == "active" for share in own)
        axes.plot(
            [share.top for share in own],
            [share.figure.value for share in own],
            linestyle="",
            marker=MARKERS[1 + i % (len(MARKERS) - 1)],
            markersize=5.5,
            markeredgecolor=SERIES[1] if active else SERIES[0],
            markerfacecolor="white",
            markeredgewidth=1.2,
            label=name,
            zorder=6,
        )
