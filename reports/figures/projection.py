"""Retention beyond what was seen: from the last share seen, with its interval, and how far off it would have been."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from churn.projection.projection import HoldOut, RetentionProjection
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import ACCENT, INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import log_platform
from reports.results.study import StudyResults
from reports.words.labels import note_sentence, platform_label
from reports.words.printer import Printer
from reports.words.silences import gap_sentences
from surveys.core.results import Estimate

FAMILIES = {
    "shifted-beta-geometric": "shifted beta-geometric",
    "beta-discrete-Weibull": "beta-discrete Weibull",
    "geometric": "geometric",
    "discrete Weibull": "discrete Weibull",
}


@draws("projection")
def draw_projection(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw retention by period, seen and projected.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the study has no usage, or too few periods were seen.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("projection").id
    'projection'
    """
    usage, staying = results.study.usage, results.staying
    if usage is None or staying is None or not isinstance(staying.projection, RetentionProjection):
        return None
    projection = staying.projection
    last = _last(projection)
    with figure_style():
        figure = _draw(projection, printer, last)
    seen = projection.counts.n_periods
    held = projection.hold_out
    base = printer.say(
        "Base: {n} accounts; {seen} whole periods observed. Beyond them, the last share observed is carried on by the "
        "model ({model}). Band: {level} interval, from the error of that share, the error of the model’s parameters, "
        "and the model’s error on the periods held out, where there are any, growing with distance. It holds only if "
        "dropout goes on as the model says: with two kinds of accounts, or a season, it can miss the later curve "
        "nearly always.",
        n=printer.numbers.count(projection.counts.n),
        seen=printer.numbers.count(seen),
        model=printer.say(FAMILIES[projection.model.family]),
        level=printer.numbers.share(projection.model.conf_level),
    )
    return DrawnFigure(
        id="projection",
        figure=figure,
        caption=printer.say(
            "Projected: {share} of the accounts still there after {time} ({interval})",
            share=printer.estimate("projection.last", last, digits=1),
            time=_length(printer, projection.horizon, staying.counts.time_unit),
            interval=printer.interval("projection.last", last, digits=1),
        ),
        subtitle=printer.say(
            "Share of the accounts of {platform} still there, by whole periods of {period} since sign-up",
            platform=platform_label(printer, results.study, log_platform(results.study)),
            period=_length(printer, 1, staying.counts.time_unit),
        ),
        alt=printer.say("Points for what was seen; from the last of them, a dashed curve with a widening band.")
        + (" " + hold_out_sentence(printer, held) if isinstance(held, HoldOut) else ""),
        base=base,
        notes=(
            *((printer.say("Simulated data."),) if usage.simulated else ()),
            *(note_sentence(printer, note) for note in projection.notes if note not in staying.notes),
            *gap_sentences(results, printer),
        ),
        data=projection.to_frame(),
    )


def hold_out_sentence(printer: Printer, held: HoldOut) -> str:
    """
    Say how far off a projection of the last periods from the first would have been.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> held = example_results().staying.projection.hold_out
    >>> hold_out_sentence(open_printer("en"), held)[:36]
    'Fitted to the first 40 periods alone'
    """
    return printer.say(
        "Fitted to the first {fitted} periods alone, and carried on from the share observed after them, the "
        "projection is {last} off at the last of the {held} held out, {mean} on average.",
        fitted=printer.numbers.count(held.model.n_periods),
        held=printer.numbers.count(len(held.period)),
        last=_error(printer, "last", float(abs(held.anchored_error[-1]))),
        mean=_error(printer, "mean", held.mean_anchored_error),
    )


def _error(printer: Printer, name: str, value: float) -> str:
    return printer.value(
        f"projection.error.{name}",
        value,
        unit="share",
        digits=1,
        why_no_interval="an error seen, relative to the truth",
    )


def _length(printer: Printer, periods: int, unit: str) -> str:
    return printer.numbers.duration(30 * periods if unit == "days" else periods, unit)  # type: ignore[arg-type]


def _last(projection: RetentionProjection) -> Estimate:
    row = projection.to_frame().iloc[-1]
    return Estimate(
        estimate=float(row["survival"]),
        std_error=float(row["std_error"]),
        conf_low=float(row["conf_low"]),
        conf_high=float(row["conf_high"]),
        conf_level=projection.model.conf_level,
        n=int(projection.counts.n),
        method=projection.method,
    )


def _draw(projection: RetentionProjection, printer: Printer, last: Estimate) -> Figure:
    figure = Figure(figsize=(TEXT_WIDTH, 2.9), layout="constrained")
    axes = figure.subplots()
    rows, seen = projection.to_frame(), projection.counts.n_periods
    beyond = rows[rows["period"] >= seen]
    axes.fill_between(
        beyond["period"], beyond["conf_low"], beyond["conf_high"], color=SERIES[0], alpha=0.18, linewidth=0
    )
    axes.plot(beyond["period"], beyond["survival"], color=SERIES[0], linewidth=1.6, linestyle=(0, (4, 2)))
    axes.plot(rows["period"], rows["observed"], linestyle="", marker="o", markersize=3.5, color=INK)
    held = projection.hold_out
    if isinstance(held, HoldOut):
        axes.plot(held.period, held.anchored, color=ACCENT, linewidth=1.4)
        axes.annotate(
            printer.say("from the first {n} periods alone", n=printer.numbers.count(held.model.n_periods)),
            (held.period[-1], held.anchored[-1]),
            (4, 8),
            textcoords="offset points",
            fontsize=8,
            color=ACCENT,
        )
    axes.axvline(seen, color=MUTED, linewidth=0.8)
    for word, beside, side in ((printer.say("seen"), -4, "right"), (printer.say("projected"), 4, "left")):
        axes.annotate(
            word, (seen, 0.98), (beside, 0), textcoords="offset points", fontsize=8, color=MUTED, va="top", ha=side
        )
    axes.annotate(
        printer.estimate("projection.last", last, digits=1),
        (projection.horizon, last.estimate),
        (0, 6),
        textcoords="offset points",
        ha="right",
        weight="semibold",
        color=INK,
    )
    axes.set_ylim(0, 1.02)
    axes.set_xlim(0, projection.horizon * 1.01)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], [printer.numbers.share(x) for x in (0, 0.25, 0.5, 0.75, 1)])
    axes.grid(axis="y", linewidth=0.4, alpha=0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(printer.say("Whole periods since sign-up"))
    return figure
