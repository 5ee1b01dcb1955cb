"""Who answers: how many messages answer one received, and how many ties are mutual."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from churn.network.dialogue import Dialogue
from reports.figures._marks import draw_interval
from reports.figures.concentration import publisher_name
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import log_platform
from reports.results.network import NetworkResults
from reports.results.study import StudyResults
from reports.words.labels import platform_label, with_interval
from reports.words.printer import Printer
from surveys.core.results import Estimate

TICKS = (0, 0.2, 0.4, 0.6, 0.8, 1)


@draws("dialogue")
def draw_dialogue(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw the share of messages that answer, and of ties that are mutual, beside what others printed.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the log names no recipient, or nobody is written to.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("dialogue").id
    'dialogue'
    """
    usage, network = results.study.usage, results.network
    if usage is None or network is None or network.dialogue is None:
        return None
    dialogue = network.dialogue
    if not isinstance(dialogue.answers, Estimate) or not isinstance(dialogue.mutual, Estimate):
        return None
    rows = dialogue_rows(network, printer)
    with figure_style():
        figure = _draw(rows, printer)
    caption = printer.say(
        "{answers} of the messages answer one received, and {mutual} of the ties are mutual",
        answers=printer.estimate("network.dialogue", dialogue.answers, digits=1),
        mutual=printer.estimate("network.mutual", dialogue.mutual, digits=1),
    )
    return DrawnFigure(
        id="dialogue",
        figure=figure,
        caption=caption,
        subtitle=printer.say(
            "Share of the messages of {platform} that answer, and of its ties that are mutual; a tie is two accounts "
            "with a message between them",
            platform=platform_label(printer, results.study, log_platform(results.study)),
        ),
        alt=printer.say("One point with its interval for each share.") + " " + caption + ".",
        base=printer.say(
            "Base: {messages} messages, {addressed} of them addressed to another account; {ties} ties. Lines: {level} "
            "confidence intervals that allow for messages of one account or one tie depending on each other.",
            messages=printer.numbers.count(dialogue.n_messages),
            addressed=printer.numbers.count(dialogue.n_addressed),
            ties=printer.numbers.count(dialogue.n_ties),
            level=printer.numbers.share(dialogue.answers.conf_level),
        ),
        notes=_notes(results, network, printer),
        data=pd.DataFrame(
            [(label, e.estimate, e.conf_low, e.conf_high, e.n) for _, label, e in rows],
            columns=["measure", "estimate", "conf_low", "conf_high", "n"],
        ),
    )


def dialogue_rows(network: NetworkResults, printer: Printer) -> list[tuple[str, str, Estimate]]:
    """
    Give the shares to show, each with its name in the ledger and its label.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> dialogue_rows(example_results().network, open_printer("en"))[0][0]
    'network.dialogue'
    """
    assert network.dialogue is not None
    shares = _shares(network.dialogue, printer)
    rows = [(name, label, value) for name, label, value in shares if isinstance(value, Estimate)]
    for figure in network.conversations:
        interval = figure.interval()
        if isinstance(interval, Estimate):
            label = printer.say(
                "Messages that are conversation, {publisher}", publisher=publisher_name(figure.publisher, figure.date)
            )
            rows.append((f"published.{figure.id}", label, interval))
    return rows


def _shares(dialogue: Dialogue, printer: Printer) -> list[tuple[str, str, object]]:
    every = [
        ("network.dialogue", printer.say("Messages that answer one received"), dialogue.answers),
        (
            "network.dialogue.addressed",
            printer.say("… of the messages addressed to an account"),
            dialogue.answers_addressed,
        ),
        ("network.mutual", printer.say("Ties that are mutual"), dialogue.mutual),
    ]
    # Where every message is addressed the first two are the same.
    return [row for i, row in enumerate(every) if i != 1 or dialogue.n_addressed < dialogue.n_messages]


def share_with_interval(printer: Printer, name: str, estimate: Estimate) -> str:
    """
    Print a share with its interval; a published one has as many digits as it was given with, at most two.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> pear = Estimate(estimate=0.3755, std_error=0.01, conf_low=0.354, conf_high=0.397, n=2000, method="Wilson")
    >>> share_with_interval(open_printer("en"), "published.pear09_conversational", pear)
    '37.55% (35.40–39.70%)'
    """
    exact = name.startswith("published.") and abs(round(estimate.estimate, 3) - estimate.estimate) > 1e-9
    return with_interval(printer, name, estimate, digits=2 if exact else 1)


def _notes(results: StudyResults, network: NetworkResults, printer: Printer) -> tuple[str, ...]:
    assert results.study.usage is not None
    notes = [printer.say("Simulated data.")] if results.study.usage.simulated else []
    if network.conversations:
        notes.append(
            printer.say(
                "Published shares of conversation rest on another definition: messages that a reader took for "
                "conversation, answered or not."
            )
        )
    return tuple(notes)


def _draw(rows: list[tuple[str, str, Estimate]], printer: Printer) -> Figure:
    figure = Figure(figsize=(TEXT_WIDTH, 0.34 * len(rows) + 0.65), layout="constrained")
    axes, numbers = figure.subplots(1, 2, width_ratios=[3, 1.45], sharey=True)
    for i, (name, _, estimate) in enumerate(rows):
        published = name.startswith("published.")
        color = MUTED if published else SERIES[0]
        draw_interval(axes, i, estimate.conf_low, estimate.conf_high, color=color)
        axes.plot(
            estimate.estimate,
            i,
            marker="D" if published else "o",
            color=color,
            markerfacecolor="white" if published else color,
            markersize=5.5,
            zorder=4,
        )
        told = share_with_interval(printer, name, estimate)
        numbers.text(0, i, told, ha="left", va="center", fontsize=8.5, color=INK)
    axes.set_yticks(np.arange(len(rows)), [label for _, label, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xticks(TICKS, [printer.numbers.share(tick) for tick in TICKS])
    axes.grid(axis="x", linewidth=0.4, alpha=0.5)
    axes.tick_params(axis="y", length=0)
    numbers.set_xlim(0, 1)
    numbers.set_xticks([])
    numbers.tick_params(axis="y", length=0, labelleft=False)
    for spine in (*numbers.spines.values(), axes.spines["left"]):
        spine.set_visible(False)
    return figure
