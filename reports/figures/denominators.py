"""How many people: one share on every denominator that somebody might choose."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from churn.adoption.populations import PeopleCounts
from reports.figures._marks import MARKERS, draw_interval
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import joined_platform
from reports.results.study import StudyResults
from reports.words.durations import horizon_words
from reports.words.labels import asked_in, listed, note_sentence, platform_label, sampling_words, step_label, wave_label
from reports.words.printer import Printer
from surveys.study.schema import Survey

SHOWN = ("signup", "stayed")
ROW_HEIGHT = 0.36


@draws("denominators")
def draw_denominators(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw how many people signed up, and stayed, on each denominator.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the last wave names fewer than two populations.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("denominators").id
    'denominators'
    """
    if results.adoption is None or not results.adoption.waves:
        return None
    people = {step: counts for step, counts in results.adoption.people.items() if step in SHOWN}
    if not people or len(next(iter(people.values())).people) < 2:
        return None
    wave = results.adoption.waves[-1].wave
    survey = next(survey for survey in results.study.survey if survey.wave == wave)
    with figure_style():
        figure = _draw(results, printer, survey, people)
    step, counts = list(people.items())[-1]
    name = platform_label(printer, results.study, joined_platform(results.study))
    notes = [note_sentence(printer, note) for note in counts.notes]
    notes.append(printer.say("Populations: {populations}.", populations=listed(printer, _sources(results, printer))))
    if survey.simulated:
        notes.insert(0, printer.say("Simulated data."))
    return DrawnFigure(
        id="denominators",
        figure=figure,
        caption=_caption(printer, wave, step, counts),
        subtitle=printer.say(
            "People who signed up to {platform}, and who stayed {time}, {wave}, by the population multiplied by",
            platform=name,
            time=horizon_words(printer, results.study),
            wave=wave_label(printer, survey),
        ),
        alt=printer.say(
            "One row for each population, a point with its interval; a band from the lowest to the highest."
        )
        + " "
        + listed(
            printer,
            [
                printer.say(
                    "{level}, {step}: {share}",
                    level=printer.label(results.study.population[key].label),
                    step=step_label(
                        printer,
                        which,
                        asked_in((survey,), results.adoption.waves[-1].platform),
                        horizon_words(printer, results.study),
                    ).lower(),
                    share=printer.estimate(f"people.{wave}.{key}.{which}", each),
                )
                for which, one in people.items()
                for key, each in one.people.items()
            ],
        )
        + ".",
        base=printer.say(
            "Base: {n} respondents. Lines: {level} confidence intervals, widened by the rounding of the population. "
            "Pale band: from the lowest end to the highest; dark band: the choice of population alone.",
            n=printer.numbers.count(counts.share.n or 0),
            level=printer.numbers.share(results.study.study.conf_level),
        )
        + " "
        + sampling_words(printer, survey),
        notes=tuple(notes),
        data=pd.concat([one.to_frame().assign(step=which) for which, one in people.items()], ignore_index=True),
    )


def _draw(results: StudyResults, printer: Printer, survey: Survey, people: dict[str, PeopleCounts]) -> Figure:
    keys = list(next(iter(people.values())).people)
    asked = asked_in((survey,), joined_platform(results.study))
    figure = Figure(figsize=(TEXT_WIDTH, ROW_HEIGHT * len(keys) + 0.75), layout="constrained")
    panels = figure.subplots(1, len(people), sharey=True, squeeze=False)[0]
    for i, (axes, (step, counts)) in enumerate(zip(panels, people.items(), strict=True)):
        _panel(
            axes,
            printer,
            survey.wave,
            step,
            counts,
            i,
            step_label(printer, step, asked, horizon_words(printer, results.study)),
        )
    panels[0].set_yticks(
        range(len(keys)), [_wrapped(printer.label(results.study.population[key].label)) for key in keys], fontsize=8
    )
    panels[0].set_ylim(len(keys) - 0.4, -0.7)
    return figure


def _panel(axes: Axes, printer: Printer, wave: str, step: str, counts: PeopleCounts, i: int, title: str) -> None:
    color, marker = SERIES[1 + i], MARKERS[1 + i]
    axes.axvspan(counts.band.conf_low, counts.band.conf_high, color=color, alpha=0.10, linewidth=0, zorder=0)
    axes.axvspan(*counts.choice, color=color, alpha=0.28, linewidth=0, zorder=1)
    for y, (key, each) in enumerate(counts.people.items()):
        draw_interval(axes, y, each.conf_low, each.conf_high, color=color)
        axes.plot(each.estimate, y, marker=marker, markersize=5, color=color, zorder=4)
        axes.annotate(
            printer.estimate(f"people.{wave}.{key}.{step}", each),
            (each.estimate, y),
            (0, 4.5),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8,
            color=INK,
        )
    axes.set_title(title)
    width = counts.band.conf_high - counts.band.conf_low
    axes.set_xlim(counts.band.conf_low - 0.08 * width, counts.band.conf_high + 0.08 * width)
    axes.locator_params(axis="x", nbins=4)
    low, high = axes.get_xlim()
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    axes.set_xticks(ticks, [printer.numbers.people(float(tick)) for tick in ticks])
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _caption(printer: Printer, wave: str, step: str, counts: PeopleCounts) -> str:
    """Say whether the sample or the choice of denominator decides how many people it is."""
    identifier = f"people.{wave}.any.{step}"
    why = "the range of denominators, each with its interval in the figure"
    low, high = (
        printer.estimate(f"{identifier}.{which}", each)
        for which, each in zip(
            ("fewest", "most"),
            sorted(counts.people.values(), key=lambda each: each.estimate)[:: len(counts.people) - 1],
            strict=True,
        )
    )
    return printer.say(
        "{low} to {high} people by the choice of population alone, {band} with sampling: the choice is {share} of the "
        "width",
        low=low,
        high=high,
        band=printer.interval(identifier, counts.band),
        share=printer.value(f"{identifier}.choice", counts.choice_share, unit="share", digits=0, why_no_interval=why),
    )


def _sources(results: StudyResults, printer: Printer) -> list[str]:
    """Name each population with its size and who counted it."""
    assert results.adoption is not None
    known = results.study.population
    keys = next(iter(results.adoption.people.values())).people
    return [
        printer.say(
            "{label}, {size} people ({source})",
            label=printer.label(known[key].label),
            size=printer.value(
                f"population.{key}", known[key].size, unit="people", why_no_interval="as its source gives it"
            ),
            source=printer.label(known[key].source),
        )
        for key in keys
    ]


def _wrapped(text: str) -> str:
    """Break a long label in two near its middle."""
    if len(text) < 34:
        return text
    breaks = [i for i, letter in enumerate(text) if letter == " "]
    middle = min(breaks, key=lambda i: abs(i - len(text) / 2))
    return f"{text[:middle]}\n{text[middle + 1 :]}"
