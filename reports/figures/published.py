"""Published figures against the study's own estimates, wave by wave."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from reports.figures._marks import draw_interval
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import ACCENT, INK, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import FunnelRow, funnel_rows, main_platform
from reports.results.study import StudyResults
from reports.words.labels import asked_in, platform_label, sampling_words, step_label, wave_label
from reports.words.printer import Printer
from surveys.core.results import Estimate
from surveys.published.figure import PublishedFigure

PANELS = ("aware", "signup")
ROW_HEIGHT = 0.36
Pair = tuple[FunnelRow, PublishedFigure]


@draws("published")
def draw_published(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw each published value of the main platform beside the study's estimate.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where nothing published matches a wave of the study.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("published").id
    'published'
    """
    pairs = matched_pairs(results, main_platform(results.study))
    if not pairs:
        return None
    with figure_style():
        figure = _draw(results, printer, pairs)
    name = platform_label(printer, results.study, main_platform(results.study))
    inside = sum(row.estimate.conf_low <= figure.value <= row.estimate.conf_high for row, figure in pairs)
    count = printer.value("published.inside", inside, unit="count", why_no_interval="a count of figures")
    total = printer.value("published.compared", len(pairs), unit="count", why_no_interval="a count of figures")
    return DrawnFigure(
        id="published",
        figure=figure,
        caption=printer.say(
            "{count} of {total} published values of {platform} lie within the interval of the estimate",
            count=count,
            total=total,
            platform=name,
        ),
        subtitle=printer.say("Estimate of the study and published value, by wave"),
        alt=printer.say("Dots with intervals, two for each wave: estimate and published value.")
        + " "
        + _told(results, printer, pairs),
        base=printer.say(
            "Base: all respondents of each wave. Filled: estimate, {level} confidence interval from the design. "
            "Hollow: published value, Wilson interval widened by rounding; none where the publisher gives "
            "no number of respondents.",
            level=printer.numbers.share(results.study.study.conf_level),
        )
        + " "
        + sampling_words(printer, results.study.survey[-1]),
        notes=(printer.say("Simulated data."),) if any(row.simulated for row, _ in pairs) else (),
        data=_frame(pairs),
    )


def matched_pairs(results: StudyResults, platform: str) -> list[Pair]:
    """
    Pair published values with estimates of the same wave and step.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    platform : str
        Key of the platform.

    Returns
    -------
    list of (FunnelRow, PublishedFigure)
        By step, then wave.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> len(matched_pairs(example_results(), "twitter")) > 10
    True
    """
    if results.funnel is None:
        return []
    rows = {
        (row.wave, row.step): row
        for row in funnel_rows(results.funnel, platform=platform, group="", measure="cumulative")
    }
    return [
        (rows[(point.wave, point.step)], point.figure)
        for point in results.series
        if point.platform == platform and (point.wave, point.step) in rows
    ]


def _draw(results: StudyResults, printer: Printer, pairs: list[Pair]) -> Figure:
    surveys = {survey.wave: survey for survey in results.study.survey}
    waves = [wave for wave in surveys if any(row.wave == wave for row, _ in pairs)]
    figure = Figure(figsize=(TEXT_WIDTH, ROW_HEIGHT * len(waves) + 0.75), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, step in zip(panels, PANELS, strict=True):
        shown = [(row, published) for row, published in pairs if row.step == step]
        top = 0.0
        for row, published in shown:
            height, interval = waves.index(row.wave), published.interval()
            draw_interval(axes, height - 0.16, row.estimate.conf_low, row.estimate.conf_high, color=SERIES[0])
            axes.plot(row.estimate.estimate, height - 0.16, marker="o", markersize=5, color=SERIES[0], zorder=4)
            high = published.value
            if isinstance(interval, Estimate):
                draw_interval(axes, height + 0.16, interval.conf_low, interval.conf_high, color=ACCENT)
                high = interval.conf_high
            axes.plot(
                published.value,
                height + 0.16,
                marker="D",
                markersize=4.5,
                color=ACCENT,
                markerfacecolor="white",
                zorder=4,
            )
            ours, theirs = printer.estimate(row.id, row.estimate), printer.published(published)
            if row is shown[0][0]:
                ours, theirs = f"{ours} {printer.say('estimate')}", f"{theirs} {printer.say('published')}"
            for offset, edge, text in ((-0.16, row.estimate.conf_high, ours), (0.16, high, theirs)):
                axes.annotate(
                    text,
                    (edge, height + offset),
                    (5, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=7.5,
                    color=INK,
                )
            top = max(top, row.estimate.conf_high, high)
        axes.set_title(step_label(printer, step, asked_in(results.study.survey, pairs[0][0].platform)))
        axes.set_xlim(0, 1.2 * top)
        ticks = [tick for tick in axes.get_xticks() if tick <= min(1.0, 1.2 * top)]
        axes.set_xticks(ticks, [printer.numbers.share(float(tick)) for tick in ticks])
        axes.set_ylim(len(waves) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(range(len(waves)), [wave_label(printer, surveys[wave]) for wave in waves])
    return figure


def _told(results: StudyResults, printer: Printer, pairs: list[Pair]) -> str:
    surveys = {survey.wave: survey for survey in results.study.survey}
    return " ".join(
        printer.say(
            "{wave}, {step}: estimate {estimate}, published {published}.",
            wave=wave_label(printer, surveys[row.wave]),
            step=step_label(printer, row.step, asked_in(results.study.survey, row.platform)).lower(),
            estimate=printer.estimate(row.id, row.estimate),
            published=printer.published(figure),
        )
        for row, figure in pairs
    )


def _frame(pairs: list[Pair]) -> pd.DataFrame:
    rows = []
    for row, figure in pairs:
        interval = figure.interval()
        low, high = (interval.conf_low, interval.conf_high) if isinstance(interval, Estimate) else (None, None)
        rows.append(
            {
                "wave": row.wave,
                "platform": row.platform,
                "step": row.step,
                "estimate": row.estimate.estimate,
                "conf_low": row.estimate.conf_low,
                "conf_high": row.estimate.conf_high,
                "n": row.estimate.n,
                "published": figure.value,
                "published_low": low,
                "published_high": high,
                "published_n": figure.n,
                "published_id": figure.id,
                "publisher": figure.publisher,
            }
        )
    return pd.DataFrame(rows)
