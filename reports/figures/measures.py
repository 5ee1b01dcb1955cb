"""Whose staying: one share by people's own account and by the log, and what the choice between them moves."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from churn.adoption.measures import StayingMeasures
from reports.figures._marks import MARKERS, draw_interval
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import joint_id
from reports.results.study import StudyResults
from reports.words.durations import horizon_words
from reports.words.funnels import measure_label
from reports.words.labels import listed, note_sentence, platform_label, sampling_words, wave_label, with_interval
from reports.words.printer import Printer

ROW_HEIGHT = 0.36


@draws("measures")
def draw_measures(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw how many of the base signed up and stayed, by each measure of staying.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the last wave has only one measure.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("measures").id
    'measures'
    """
    if results.adoption is None or results.adoption.measures is None:
        return None
    measures = results.adoption.measures
    recalled, logged = measures.funnels["recall"], measures.funnels["log"]
    survey = next(survey for survey in results.study.survey if survey.wave == recalled.wave)
    with figure_style():
        figure = Figure(figsize=(TEXT_WIDTH, ROW_HEIGHT * len(measures.funnels) + 0.55), layout="constrained")
        _panel(figure.subplots(), printer, measures)
    notes = [note_sentence(printer, note) for note in measures.notes]
    return DrawnFigure(
        id="measures",
        figure=figure,
        caption=_caption(printer, measures, horizon_words(printer, results.study)),
        subtitle=printer.say(
            "Share of the base that signed up to {platform} and stayed {time}, {wave}, by whose staying is counted",
            platform=platform_label(printer, results.study, recalled.platform),
            time=horizon_words(printer, results.study),
            wave=wave_label(printer, survey),
        ),
        alt=printer.say("One row for each measure, a point with its interval; a band from the lowest to the highest.")
        + " "
        + listed(
            printer,
            [
                f"{measure_label(printer, name)}: {with_interval(printer, joint_id(each), each.cumulative['stayed'])}"
                for name, each in measures.funnels.items()
            ],
        )
        + ".",
        base=printer.say(
            "Base: {n} respondents, {m} of whom signed up and told when they left; {accounts} accounts of the log. "
            "Lines: {level} confidence intervals. Pale band: from the lowest end to the highest; dark band: the choice "
            "of measure alone.",
            n=printer.numbers.count(recalled.cumulative["stayed"].n or 0),
            m=printer.numbers.count(recalled.conditional["stayed"].n or 0),
            accounts=printer.numbers.count(logged.conditional["stayed"].n or 0),
            level=printer.numbers.share(results.study.study.conf_level),
        )
        + " "
        + sampling_words(printer, survey),
        notes=((printer.say("Simulated data."),) if survey.simulated else ()) + tuple(dict.fromkeys(notes)),
        data=measures.to_frame(),
    )


def _panel(axes: Axes, printer: Printer, measures: StayingMeasures) -> None:
    color, band = SERIES[2], measures.band
    axes.axvspan(band.conf_low, band.conf_high, color=color, alpha=0.10, linewidth=0, zorder=0)
    axes.axvspan(*measures.choice, color=color, alpha=0.28, linewidth=0, zorder=1)
    for y, each in enumerate(measures.funnels.values()):
        share = each.cumulative["stayed"]
        draw_interval(axes, y, share.conf_low, share.conf_high, color=color)
        axes.plot(share.estimate, y, marker=MARKERS[2], markersize=5, color=color, zorder=4)
        axes.annotate(
            printer.estimate(joint_id(each), share),
            (share.estimate, y),
            (0, 4.5),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8,
            color=INK,
        )
    names = [measure_label(printer, name) for name in measures.funnels]
    axes.set_yticks(range(len(names)), [f"{name[:1].upper()}{name[1:]}" for name in names], fontsize=8)
    axes.set_ylim(len(names) - 0.4, -0.7)
    width = band.conf_high - band.conf_low
    axes.set_xlim(max(0.0, band.conf_low - 0.08 * width), band.conf_high + 0.08 * width)
    axes.locator_params(axis="x", nbins=5)
    low, high = axes.get_xlim()
    ticks = [float(tick) for tick in axes.get_xticks() if low <= tick <= high]
    digits = 0 if all(abs(100 * tick - round(100 * tick)) < 1e-9 for tick in ticks) else 1
    axes.set_xticks(ticks, [printer.numbers.share(tick, digits) for tick in ticks])
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _caption(printer: Printer, measures: StayingMeasures, time: str) -> str:
    """Say how far apart the measures are, and what the band is with sampling."""
    recalled, logged = measures.funnels["recall"], measures.funnels["log"]
    return printer.say(
        "{recall} signed up and stayed {time} as people recall it, {log} by the log; {band} with sampling",
        time=time,
        recall=printer.estimate(joint_id(recalled), recalled.cumulative["stayed"]),
        log=printer.estimate(joint_id(logged), logged.cumulative["stayed"]),
        band=printer.interval(f"joint.{recalled.wave}.{recalled.platform}.stayed.any", measures.band),
    )
