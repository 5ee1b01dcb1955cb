"""The funnel of the latest wave: heard of, signed up, still there."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures._marks import draw_interval, upper_end
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import funnel_rows, joint_id, latest_wave, main_platform, platforms
from reports.results.study import StudyResults
from reports.words.durations import horizon_words
from reports.words.labels import asked_in, holding, listed, platform_label, sampling_words, step_label, wave_label
from reports.words.printer import Printer
from surveys.core.results import Estimate
from surveys.study.schema import Survey

ROW_HEIGHT = 0.27
STEPS_SHOWN = ("aware", "signup", "active")
SHADES = {"aware": 0.45, "signup": 0.8}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: a platform's step as a share of the base, under its name in the ledger."""

    id: str
    platform: str
    step: str
    estimate: Estimate


@draws("funnel")
def draw_funnel(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw the funnel of every platform in the latest wave.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where no survey asks about the main platform.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("funnel").id
    'funnel'
    """
    survey = latest_wave(results.study, main_platform(results.study))
    if results.funnel is None or survey is None:
        return None
    bars = _bars(results, survey)
    if not bars:
        return None
    texts = [printer.estimate(bar.id, bar.estimate) for bar in bars]
    with figure_style():
        figure = _draw(results, printer, bars, texts)
    when = wave_label(printer, survey)
    lines = [
        printer.say(
            "{platform}, {step}: {share}",
            platform=platform_label(printer, results.study, bar.platform),
            step=step_label(
                printer, bar.step, asked_in((survey,), bar.platform), horizon_words(printer, results.study)
            ).lower(),
            share=text,
        )
        for bar, text in zip(bars, texts, strict=True)
    ]
    base = printer.say(
        "Base: respondents who answered, {n} at least. Horizontal lines: {level} confidence intervals.",
        n=printer.numbers.count(min(bar.estimate.n or 0 for bar in bars)),
        level=printer.numbers.share(results.study.study.conf_level),
    )
    return DrawnFigure(
        id="funnel",
        figure=figure,
        caption=_caption(results, printer, bars, texts),
        subtitle=printer.say("Share of the base who reached each step, {wave}", wave=when),
        alt=printer.say("Horizontal bars.") + " " + listed(printer, lines) + ".",
        base=f"{base} {sampling_words(printer, survey)}",
        notes=(printer.say("Simulated data."),) if survey.simulated else (),
        data=pd.DataFrame(
            [
                {
                    "wave": survey.wave,
                    "platform": bar.platform,
                    "step": bar.step,
                    "share": bar.estimate.estimate,
                    "conf_low": bar.estimate.conf_low,
                    "conf_high": bar.estimate.conf_high,
                    "n": bar.estimate.n,
                }
                for bar in bars
            ]
        ),
    )


def _bars(results: StudyResults, survey: Survey) -> list[Bar]:
    assert results.funnel is not None
    bars: list[Bar] = []
    for platform in platforms(results.study):
        rows = funnel_rows(results.funnel, wave=survey.wave, platform=platform, group="", measure="cumulative")
        bars += [
            Bar(id=row.id, platform=platform, step=row.step, estimate=row.estimate)
            for row in rows
            if row.step in STEPS_SHOWN
        ]
        bars += [
            Bar(
                id=joint_id(joint),
                platform=platform,
                step="stayed",
                estimate=joint.cumulative["stayed"],
            )
            for joint in results.joint
            if (joint.platform, joint.wave) == (platform, survey.wave)
        ]
    return sorted(bars, key=lambda bar: -bar.estimate.estimate) if _one_step(bars) else bars


def _one_step(bars: list[Bar]) -> bool:
    """Tell whether every platform has a single bar, all of the same step: then platforms are compared."""
    return len({bar.step for bar in bars}) == 1 and len({bar.platform for bar in bars}) == len(bars) > 1


def _draw(results: StudyResults, printer: Printer, bars: list[Bar], texts: list[str]) -> Figure:
    compared = _one_step(bars)
    main = main_platform(results.study)
    shown = list(dict.fromkeys(bar.platform for bar in bars))
    height = ROW_HEIGHT * (len(bars) + (0 if compared else 1.35 * len(shown))) + 0.45
    figure = Figure(figsize=(TEXT_WIDTH, height), layout="constrained")
    axes = figure.subplots()
    y, ticks = 0.0, []
    for platform in shown:
        name = platform_label(printer, results.study, platform)
        if not compared:
            axes.text(-0.005, y, name, weight="semibold", ha="right", va="center", color=INK)
            y += 1
        for bar, text in [(b, t) for b, t in zip(bars, texts, strict=True) if b.platform == platform]:
            _draw_bar(axes, y, bar, SERIES[0] if platform == main or not main else MUTED)
            label = f"{text}  ({printer.interval(bar.id, bar.estimate)})"
            axes.text(upper_end(bar.estimate) + 0.012, y, label, va="center", color=INK)
            ticks.append(
                (
                    y,
                    name
                    if compared
                    else step_label(
                        printer,
                        bar.step,
                        asked_in(_asking(results), bar.platform),
                        horizon_words(printer, results.study),
                    ),
                )
            )
            y += 1
        y += 0 if compared else 0.35
    axes.set_yticks([position for position, _ in ticks], [label for _, label in ticks])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(y - 0.5, -0.6)
    axes.set_xlim(0, 1.22)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], [printer.numbers.share(x) for x in (0, 0.25, 0.5, 0.75, 1)])
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_bounds(0, 1)
    return figure


def _asking(results: StudyResults) -> tuple[Survey, ...]:
    """Give the wave that the bars are of."""
    survey = latest_wave(results.study, main_platform(results.study))
    return () if survey is None else (survey,)


def _draw_bar(axes: Axes, y: float, bar: Bar, color: str) -> None:
    axes.barh(y, bar.estimate.estimate, height=0.72, color=color, alpha=SHADES.get(bar.step, 1.0))
    draw_interval(axes, y, bar.estimate.conf_low, bar.estimate.conf_high)


def _caption(results: StudyResults, printer: Printer, bars: list[Bar], texts: list[str]) -> str:
    """Tell the first platform's story in one sentence."""
    if _one_step(bars):
        first, last = (platform_label(printer, results.study, bars[i].platform) for i in (0, -1))
        return printer.say(
            "{step}: {most} for {first}, {least} for {last}",
            step=step_label(printer, bars[0].step, asked_in(_asking(results))),
            most=texts[0],
            first=first,
            least=texts[-1],
            last=last,
        )
    if not main_platform(results.study):
        shown = dict.fromkeys(platform_label(printer, results.study, bar.platform) for bar in bars)
        return printer.say("The funnel of {platform}", platform=listed(printer, shown))
    platform = platform_label(printer, results.study, bars[0].platform)
    told = {bar.step: text for bar, text in zip(bars, texts, strict=True) if bar.platform == bars[0].platform}
    hold = holding(printer, asked_in(_asking(results), bars[0].platform))
    if {"aware", "signup", "stayed"} <= told.keys():
        return printer.say(
            "{aware} have heard of {platform}, {signup} {hold}, {stayed} are still there {time} later",
            platform=platform,
            hold=hold,
            time=horizon_words(printer, results.study),
            **told,
        )
    if {"aware", "signup"} <= told.keys():
        return printer.say("{aware} have heard of {platform}, {signup} {hold}", platform=platform, hold=hold, **told)
    return printer.say("The funnel of {platform}", platform=platform)
