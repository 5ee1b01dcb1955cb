"""From hearing to staying, wave by wave: each step as a share of the one before, and of everybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from churn.adoption.joint import JointFunnel
from reports.figures._marks import MARKERS, spread
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, SERIES, TEXT_WIDTH, figure_style
from reports.results.adoption import AdoptionResults
from reports.results.lookup import funnel_rows, joined_platform, joint_id
from reports.results.study import StudyResults
from reports.words.durations import horizon_words
from reports.words.labels import asked_in, holding, listed, note_sentence, platform_label, sampling_words, step_label
from reports.words.printer import Printer
from surveys.core.results import Estimate
from surveys.published.wave_dates import wave_fieldwork

HEIGHT = 2.75
Line = dict[str, tuple[str, Estimate]]
"""By wave: name in the ledger, and estimate."""


@draws("joint")
def draw_joint(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw awareness, sign-up and staying by wave, conditional and cumulative.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where survey and log cannot be joined in two waves.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("joint").id
    'joint'
    """
    if results.adoption is None or results.funnel is None or len(results.adoption.waves) < 2:
        return None
    waves = results.adoption.waves
    panels = {
        printer.say("Have heard of it"): _by_platform(results, printer, "aware", "cumulative"),
        printer.say(
            "{hold}, of the aware", hold=step_label(printer, "signup", asked_in(results.study.survey))
        ): _by_platform(results, printer, "signup", "conversion"),
        printer.say("Of everybody"): {
            printer.say("signed up"): _line(waves, "signup"),
            **_stayed(results.adoption, printer, horizon_words(printer, results.study)),
        },
    }
    with figure_style():
        figure = Figure(figsize=(TEXT_WIDTH, HEIGHT), layout="constrained")
        for axes, (title, lines) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
            _panel(axes, results, printer, title, lines)
    last = next(survey for survey in results.study.survey if survey.wave == waves[-1].wave)
    stayed = waves[-1].conditional["stayed"]
    name = platform_label(printer, results.study, waves[-1].platform)
    notes = dict.fromkeys(
        note_sentence(printer, note) for each in (waves[-1], *results.adoption.by_log[-1:]) for note in each.notes
    )
    return DrawnFigure(
        id="joint",
        figure=figure,
        caption=_caption(
            printer,
            waves[-1],
            name,
            holding(printer, asked_in((last,), waves[-1].platform)),
            horizon_words(printer, results.study),
        ),
        subtitle=printer.say(
            "Share of the base, by wave; of those who sign up to {platform}, {stayed} are still there {time} later",
            platform=name,
            time=horizon_words(printer, results.study),
            stayed=printer.estimate(f"{joint_id(waves[-1])}.conditional", stayed),
        ),
        alt=printer.say("Three panels of lines over time, with intervals.")
        + " "
        + listed(
            printer,
            [
                printer.say(
                    "{level}, {step}: {share}",
                    level=name,
                    step=title.lower(),
                    share=printer.estimate(*list(line.values())[-1]),
                )
                for title, lines in panels.items()
                for name, line in lines.items()
            ],
        )
        + ".",
        base=_base(results, printer) + " " + sampling_words(printer, last),
        notes=((printer.say("Simulated data."),) if last.simulated else ()) + tuple(notes),
        data=_frame(waves),
    )


def _stayed(adoption: AdoptionResults, printer: Printer, time: str) -> dict[str, Line]:
    """Give the last step by each measure that two waves have; where there is one, it needs no name."""
    recalled = tuple(each for each in adoption.waves if each.staying == "recall")
    known = {name: line for name, line in (("recall", recalled), ("log", adoption.by_log)) if len(line) > 1}
    if len(known) < 2:
        return {printer.say("and stayed {time}", time=time): _line(adoption.waves, "stayed")}
    return {
        printer.say("stayed {time}, as recalled", time=time): _line(known["recall"], "stayed"),
        printer.say("stayed {time}, by the log", time=time): _line(known["log"], "stayed"),
    }


def _base(results: StudyResults, printer: Printer) -> str:
    """Say of whom each share is."""
    assert results.adoption is not None
    told = [printer.say("Base: all respondents of each wave, or those of them who have heard of the service.")]
    recalled = [each for each in results.adoption.waves if each.staying == "recall"]
    for name, line in (("recall", recalled), ("log", results.adoption.by_log)):
        if line:
            n = printer.numbers.count(line[-1].conditional["stayed"].n or 0)
            told.append(
                printer.say("Staying as recalled: {n} respondents of the last wave who signed up and told.", n=n)
                if name == "recall"
                else printer.say("Staying by the log: {n} accounts.", n=n)
            )
    told.append(
        printer.say(
            "Lines: {level} confidence intervals; the last values stand beside the lines.",
            level=printer.numbers.share(results.study.study.conf_level),
        )
    )
    return " ".join(told)


def _caption(printer: Printer, last: JointFunnel, name: str, hold: str, time: str) -> str:
    aware, signup = (
        printer.estimate(f"{joint_id(last, step)}.conditional", last.conditional[step]) for step in ("aware", "signup")
    )
    words = {
        "platform": name,
        "aware": aware,
        "hold": hold,
        "time": time,
        "signup": signup,
        "stayed": printer.estimate(joint_id(last), last.cumulative["stayed"]),
    }
    if last.staying == "recall":
        return printer.say(
            "{platform}: {aware} have heard of it, {signup} of them {hold}, and {stayed} of everybody signed "
            "up and stayed {time}, as they recall it",
            **words,
        )
    return printer.say(
        "{platform}: {aware} have heard of it, {signup} of them {hold}, and {stayed} of everybody signed up "
        "and stayed {time}",
        **words,
    )


def _by_platform(results: StudyResults, printer: Printer, step: str, measure: str) -> dict[str, Line]:
    """Find a step of every platform that was asked about in two waves, the main one first."""
    assert results.funnel is not None
    rows = funnel_rows(results.funnel, group="", step=step, measure=measure)
    main = joined_platform(results.study)
    known = sorted(dict.fromkeys(row.platform for row in rows), key=lambda name: name != main)
    lines = {}
    for platform in known:
        line = {row.wave: (row.id, row.estimate) for row in rows if row.platform == platform}
        if len(line) > 1:
            lines[platform_label(printer, results.study, platform)] = line
    return lines


def _line(waves: tuple[JointFunnel, ...], step: str) -> Line:
    return {each.wave: (joint_id(each, step), each.cumulative[step]) for each in waves}


def _panel(axes: Axes, results: StudyResults, printer: Printer, title: str, lines: Mapping[str, Line]) -> None:
    at = _places(results)
    colors = (0, 4, 2) if title == printer.say("Of everybody") else range(len(SERIES))
    top = 1.12 * _highest(estimate for line in lines.values() for _, estimate in line.values())
    ends = []
    for i, (name, line) in zip(colors, lines.items(), strict=False):
        x = [at[wave] for wave in line]
        shares = [estimate for _, estimate in line.values()]
        axes.vlines(x, [s.conf_low for s in shares], [s.conf_high for s in shares], color=SERIES[i], linewidth=1.1)
        axes.plot(
            x,
            [s.estimate for s in shares],
            color=SERIES[i],
            marker=MARKERS[i],
            markersize=4,
            linewidth=1.2 if i == 0 else 0.9,
        )
        ends.append((i, name, shares[-1].estimate, printer.estimate(*list(line.values())[-1])))
    first, last = min(at.values()), max(at.values())
    right = last + 0.06 * (last - first)
    for (i, name, _, share), y in zip(ends, spread([end[2] for end in ends], 0.13 * top), strict=True):
        axes.text(right, y, f"{name}\n{share}", color=SERIES[i], fontsize=7.5, va="center", linespacing=1.0)
    axes.set_xlim(first - 0.05 * (last - first), last + 0.75 * (last - first))
    axes.set_ylim(0, top)
    years = [year for year in range(int(first), int(last) + 2) if first - 0.3 <= year <= last and year % 2]
    axes.set_xticks(years, [str(year) for year in years])
    ticks = [tick for tick in axes.get_yticks() if 0 <= tick <= min(top, 1.0)]
    axes.set_yticks(ticks, [printer.numbers.share(float(tick)) for tick in ticks])
    axes.set_title(title, fontsize=8.5, color=INK, loc="left")
    axes.grid(axis="y", linewidth=0.4, alpha=0.5)


def _highest(estimates: Iterable[Estimate]) -> float:
    """Give the highest number drawn; a share of nobody has none, and where all are such, everything fits."""
    numbers = [number for each in estimates for number in (each.estimate, each.conf_high) if np.isfinite(number)]
    return max(numbers, default=0.0) or 1.0


def _places(results: StudyResults) -> dict[str, float]:
    """Place each wave on an axis of years, or by its order where a date cannot be read."""
    dates = {survey.wave: wave_fieldwork(survey) for survey in results.study.survey}
    years = {wave: date.year for wave, date in dates.items() if date is not None}
    return years if len(years) == len(dates) else {wave: float(i) for i, wave in enumerate(dates)}


def _frame(waves: tuple[JointFunnel, ...]) -> pd.DataFrame:
    frames = [each.to_frame().assign(platform=each.platform, wave=each.wave) for each in waves]
    return pd.concat(frames, ignore_index=True)
