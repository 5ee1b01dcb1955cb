"""How a service spread: points measured, and the curves fitted to them, each with its band."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.diffusion import Spread
from reports.results.study import StudyResults
from reports.words.labels import Asked, asked_in, note_sentence, platform_label, step_label
from reports.words.printer import Printer
from surveys.core.results import Note

HEIGHT = 2.9
STYLES = {"logistic": (SERIES[0], "-"), "bass": (SERIES[3], (0, (4, 1.6)))}
LONGEST = 4.0
"""Years after the last point that are drawn."""


@draws("diffusion")
def draw_diffusion(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw awareness and membership of the main platform with the curves fitted to them.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where there are too few points.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("diffusion").id
    'diffusion'
    """
    if results.diffusion is None or not results.diffusion.spreads:
        return None
    spreads = results.diffusion.spreads
    asked = asked_in(results.study.survey, results.diffusion.platform)
    with figure_style():
        figure = Figure(figsize=(TEXT_WIDTH, HEIGHT), layout="constrained")
        for axes, spread in zip(figure.subplots(1, len(spreads), squeeze=False)[0], spreads, strict=True):
            _panel(axes, spread, printer, asked)
    platform = platform_label(printer, results.study, results.diffusion.platform)
    return DrawnFigure(
        id="diffusion",
        figure=figure,
        caption=_caption(spreads, printer, platform, asked),
        subtitle=printer.say("{platform}: share of the base, by date, measured and fitted", platform=platform),
        alt=printer.say("Points with intervals, and two curves with bands through them, for each step.")
        + " "
        + " ".join(_told(spread, printer, asked) for spread in spreads),
        base=_base(spreads, printer, printer.numbers.share(results.study.study.conf_level)),
        notes=_notes(spreads, printer, asked),
        data=_frame(spreads),
    )


def curve_label(printer: Printer, model: str) -> str:
    """
    Name a curve of diffusion.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    model : str
        `logistic` or `bass`; followed by `, everybody` where the ceiling is given.

    Returns
    -------
    str
        As it stands beside the curve or in a table.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> curve_label(open_printer("en"), "bass")
    'Bass'
    """
    return {
        "logistic": printer.say("logistic"),
        "bass": printer.say("Bass"),
        "logistic, everybody": printer.say("logistic, up to everybody"),
        "bass, everybody": printer.say("Bass, up to everybody"),
    }[model]


def _panel(axes: Axes, spread: Spread, printer: Printer, asked: Asked) -> None:
    points = spread.points
    first, last = float(points["time"].iloc[0]), float(points["time"].iloc[-1])
    until = last + min(LONGEST, 0.6 * (last - first))
    times = np.linspace(first - 0.3, until, 160)
    top = float(points[["share", "conf_high"]].max().max())
    axes.axvspan(last, until, color="#F3F4F6", linewidth=0, zorder=0)
    for name, fit in spread.fits.items():
        color, style = STYLES[name]
        rows = fit.curve(times)
        axes.fill_between(rows["time"], rows["conf_low"], rows["conf_high"], color=color, alpha=0.13, linewidth=0)
        axes.plot(rows["time"], rows["share"], color=color, linestyle=style, linewidth=1.3, zorder=3)
        top = max(top, float(rows["share"].max()))
    known = points["conf_low"].notna()
    axes.vlines(
        points["time"][known], points["conf_low"][known], points["conf_high"][known], color=INK, linewidth=1.1, zorder=4
    )
    for hollow, part in ((False, points[known]), (True, points[~known])):
        axes.plot(
            part["time"],
            part["share"],
            marker="o",
            linestyle="",
            markersize=4.5,
            color=INK,
            markerfacecolor="white" if hollow else INK,
            zorder=5,
        )
    top = min(1.0, 1.3 * top)
    axes.set_xlim(times[0], times[-1])
    axes.set_ylim(0, top)
    axes.set_title(step_label(printer, spread.step, asked))
    ticks = [tick for tick in axes.get_yticks() if tick <= top]
    axes.set_yticks(ticks, [printer.numbers.share(float(tick)) for tick in ticks])
    years = range(int(np.ceil(times[0])), int(times[-1]) + 1, 2)
    axes.set_xticks(list(years), [str(year) for year in years])
    axes.annotate(
        printer.say("not observed"),
        (last, 0),
        (3, 4),
        textcoords="offset points",
        fontsize=7.5,
        color=MUTED,
    )
    _key(axes, spread, printer, above=spread.step != "aware")


def _key(axes: Axes, spread: Spread, printer: Printer, *, above: bool) -> None:
    """Name the curves where the panel is empty: over a rising curve, under a saturated one."""
    for k, name in enumerate(spread.fits):
        color, style = STYLES[name]
        height = 0.93 - 0.09 * k if above else 0.36 - 0.09 * k
        left = 0.04 if above else 0.36
        axes.plot([left, left + 0.08], [height] * 2, color=color, linestyle=style, transform=axes.transAxes, zorder=6)
        axes.text(
            left + 0.1, height, curve_label(printer, name), transform=axes.transAxes, va="center", fontsize=8, color=INK
        )


def _caption(spreads: tuple[Spread, ...], printer: Printer, platform: str, asked: Asked) -> str:
    """Say what the data allow about the ceiling of the last step, which is the one that can still grow."""
    spread = spreads[-1]
    fit = next(iter(spread.fits.values()))
    known = {
        "platform": platform,
        "step": step_label(printer, spread.step, asked).lower(),
        "low": printer.value(
            f"diffusion.{spread.step}.lowest_ceiling",
            min(found.ceiling.conf_low for found in spread.fits.values()),
            unit="share",
            digits=0,
            why_no_interval="the lower end of an interval",
        ),
    }
    if fit.ceiling_is_known:
        return printer.say(
            "{platform}, {step}: growth ends near {ceiling} ({interval})",
            platform=platform,
            step=known["step"],
            ceiling=printer.estimate(f"diffusion.{spread.step}.logistic.ceiling", fit.ceiling, digits=0),
            interval=printer.interval(f"diffusion.{spread.step}.logistic.ceiling", fit.ceiling, digits=0),
        )
    return printer.say("{platform}, {step}: the points do not say where growth ends: anywhere above {low}", **known)


def _base(spreads: tuple[Spread, ...], printer: Printer, level: str) -> str:
    parts = [
        printer.say("Base: {points} points for each step.", points=_listed_counts(spreads, printer)),
        printer.say(
            "Points: published values with {level} Wilson intervals widened by rounding; hollow where no number of "
            "respondents is published.",
            level=level,
        )
        if all(spread.origin == "published" for spread in spreads)
        else printer.say("Points: values with {level} intervals; hollow where there is none.", level=level),
        printer.say(
            "Curves: maximum likelihood; bands: {level}, delta method on the logit, widened by the scatter of "
            "the points.",
            level=level,
        ),
    ]
    return " ".join(parts)


def _listed_counts(spreads: tuple[Spread, ...], printer: Printer) -> str:
    counts = dict.fromkeys(len(spread.points) for spread in spreads)
    return " / ".join(printer.numbers.count(count) for count in counts)


def _notes(spreads: tuple[Spread, ...], printer: Printer, asked: Asked) -> tuple[str, ...]:
    """Say the caveats of each step, each once however many curves share it."""
    told: list[str] = []
    for spread in spreads:
        notes: dict[str, Note] = {str(note): note for fit in spread.fits.values() for note in fit.notes}
        chosen = {note.message: note for note in reversed(notes.values())}
        sentences = [note_sentence(printer, note) for note in reversed(chosen.values())]
        if spread.comparison is not None:
            sentences.append(note_sentence(printer, spread.comparison.verdict))
        told.append(
            printer.say("{step}. {notes}", step=step_label(printer, spread.step, asked), notes=" ".join(sentences))
        )
    caveats = dict.fromkeys(printer.label(caveat) for spread in spreads for caveat in spread.caveats)
    simulated = (printer.say("Simulated data."),) if any(spread.simulated for spread in spreads) else ()
    return (*told, *caveats, *simulated)


def _told(spread: Spread, printer: Printer, asked: Asked) -> str:
    first, last = spread.points.iloc[0], spread.points.iloc[-1]
    return printer.say(
        "{step}: from {first} to {last}.",
        step=step_label(printer, spread.step, asked),
        first=printer.numbers.share(float(first["share"])),
        last=printer.numbers.share(float(last["share"])),
    )


def _frame(spreads: tuple[Spread, ...]) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    for spread in spreads:
        for row in spread.points.to_dict("records"):
            rows.append({"step": spread.step, "kind": "measured", "model": "", **{str(k): v for k, v in row.items()}})
        first, last = float(spread.points["time"].iloc[0]), float(spread.points["time"].iloc[-1])
        times = np.linspace(first, last + min(LONGEST, 0.6 * (last - first)), 41)
        for name, fit in spread.fits.items():
            for row in fit.curve(times).to_dict("records"):
                rows.append(
                    {"step": spread.step, "kind": "fitted", "model": name, **{str(k): v for k, v in row.items()}}
                )
    return pd.DataFrame(rows).drop(columns=["half_unit"])
