"""Who leaves: one-month dropout by the number of accounts followed, in classes and as a smooth curve."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from churn.network.following import DoseCurve, FollowingDropout
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import log_platform
from reports.results.study import StudyResults
from reports.words.durations import lasting
from reports.words.labels import note_sentence, platform_label
from reports.words.printer import Printer
from reports.words.silences import gap_sentences
from surveys.core.results import Estimate

DECADES = (0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)


@draws("following")
def draw_following(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw dropout within the horizon by the number of accounts followed.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the study does not say how many accounts each follows, or writes to.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("following").id
    'following'
    """
    usage, network = results.study.usage, results.network
    if usage is None or network is None or network.following is None:
        return None
    found = network.following
    if not any(isinstance(group.dropout, Estimate) for group in found.classes):
        return None
    with figure_style():
        figure = _draw(found, printer)
    caption = following_sentence(found, printer)
    when = lasting(printer, int(found.horizon), found.time_unit)
    platform = platform_label(printer, results.study, log_platform(results.study))
    subtitle = (
        printer.say(
            "Share of the accounts of {platform} gone within {time}, by the number of accounts they follow",
            platform=platform,
            time=when,
        )
        if found.number == "followed"
        else printer.say(
            "Share of the accounts of {platform} gone within {time} of day {day}, by the number of accounts written to "
            "before that day",
            platform=platform,
            time=when,
            day=printer.numbers.count(found.landmark_days or 0),
        )
    )
    level = next(group.curve.conf_level for group in found.classes)
    return DrawnFigure(
        id="following",
        figure=figure,
        caption=caption,
        subtitle=subtitle,
        alt=printer.say("One point with its interval for each class of the number, over a curve with its band.")
        + " "
        + caption
        + ".",
        base=printer.say(
            "Base: {n} accounts. Points: Kaplan-Meier by class, at the median number of the class. Curve: Cox model "
            "with a natural cubic spline of the logarithm. Lines and band: {level} confidence intervals, pointwise.",
            n=printer.numbers.count(found.n),
            level=printer.numbers.share(level),
        ),
        notes=(
            *((printer.say("Simulated data."),) if usage.simulated else ()),
            *(note_sentence(printer, note) for note in found.notes),
            *gap_sentences(results, printer),
        ),
        data=_data(found),
    )


def following_sentence(found: FollowingDropout, printer: Printer) -> str:
    """
    Say how many leave of those with few and with many, whatever the numbers are.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> following_sentence(example_results().network.following, open_printer("en"))[:23]
    'Of accounts that follow'
    """
    few, many = found.few, found.many
    if isinstance(few, Estimate) and isinstance(many, Estimate):
        values = {
            "low": printer.numbers.count(found.bounds.few),
            "high": printer.numbers.count(found.bounds.many),
            "few": printer.estimate("following.few", few, digits=1),
            "many": printer.estimate("following.many", many, digits=1),
            "time": lasting(printer, int(found.horizon), found.time_unit),
        }
        if found.number == "followed":
            return printer.say(
                "Of accounts that follow at most {low} others, {few} are gone within {time}; of those that follow "
                "{high} or more, {many}",
                **values,
            )
        return printer.say(
            "Of accounts that wrote to at most {low} other early on, {few} are gone {time} later; of those that wrote "
            "to {high} or more, {many}",
            **values,
        )
    told = [
        f"{class_name(group.name, printer)}: {printer.estimate(f'following.class.{group.low}', group.dropout)}"
        for group in found.classes
        if isinstance(group.dropout, Estimate)
    ]
    return printer.say("Gone, by the number of accounts: {shares}", shares=", ".join(told))


def class_name(name: str, printer: Printer) -> str:
    """
    Name a class of numbers.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> class_name("10-20", open_printer("en")), class_name("100+", open_printer("en"))
    ('10–20', '100 or more')
    """
    if name.endswith("+"):
        return printer.say("{n} or more", n=printer.numbers.count(int(name[:-1])))
    low, dash, high = name.partition("-")
    shown = printer.numbers.count(int(low))
    return f"{shown}–{printer.numbers.count(int(high))}" if dash else shown


def _data(found: FollowingDropout) -> pd.DataFrame:
    classes = found.to_frame().assign(kind="class")
    if not isinstance(found.smooth, DoseCurve):
        return classes
    curve = found.smooth.to_frame().assign(kind="curve")
    curve["number"] = curve["number"].map("{:.6g}".format)
    return pd.concat([classes, curve], ignore_index=True)


def _draw(found: FollowingDropout, printer: Printer) -> Figure:
    figure = Figure(figsize=(TEXT_WIDTH, 3.1), layout="constrained")
    axes = figure.subplots()
    last = math.log1p(max(group.middle for group in found.classes))
    if isinstance(found.smooth, DoseCurve):
        place = np.log1p(found.smooth.number)
        axes.fill_between(
            place, found.smooth.conf_low, found.smooth.conf_high, color=SERIES[0], alpha=0.16, linewidth=0
        )
        axes.plot(place, found.smooth.dropout, color=SERIES[0], linewidth=1.6)
        last = max(last, float(place[-1]))
    _draw_classes(axes, found, printer, last)
    ticks = [tick for tick in DECADES if math.log1p(tick) <= last * 1.001]
    axes.set_xticks([math.log1p(tick) for tick in ticks], [printer.numbers.count(tick) for tick in ticks])
    axes.set_xlim(-0.12 * max(last, 1.0) / 4, last * 1.03)
    shares = np.arange(0, 1.01, 0.2)
    axes.set_ylim(0, 1.0)
    axes.set_yticks(shares, [printer.numbers.share(float(share)) for share in shares])
    axes.grid(axis="y", linewidth=0.4, alpha=0.5)
    axes.set_xlabel(
        printer.say("Accounts followed (logarithmic scale)")
        if found.number == "followed"
        else printer.say("Accounts written to (logarithmic scale)")
    )
    axes.set_ylabel(printer.say("Share gone"))
    return figure


def _draw_classes(axes: Axes, found: FollowingDropout, printer: Printer, last: float) -> None:
    """Draw each class as a point with its interval, over the span of its numbers, and say its share."""
    for group in found.classes:
        if not isinstance(group.dropout, Estimate):
            continue
        x, share = math.log1p(group.middle), group.dropout
        end = min(math.log1p(group.high), last)
        axes.hlines(share.estimate, math.log1p(group.low), end, color=MUTED, linewidth=0.8, zorder=2)
        axes.vlines(x, share.conf_low, share.conf_high, color=SERIES[3], linewidth=1.3, zorder=4)
        axes.plot(x, share.estimate, marker="s", color=SERIES[3], markersize=5, zorder=5)
        axes.annotate(
            f"{class_name(group.name, printer)}\n{printer.estimate(f'following.class.{group.low}', share, digits=1)}",
            (x, share.conf_low),
            (0, -4),
            textcoords="offset points",
            ha="left" if x == 0 else "center",
            va="top",
            fontsize=8,
            color=INK,
            linespacing=1.1,
        )
