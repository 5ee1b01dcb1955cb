"""From hearing to staying: the steps joined, by wave, group, country and platform; what each accounts for; people."""

from __future__ import annotations

from collections.abc import Mapping

from churn.adoption.joint import JointFunnel
from churn.adoption.measures import StayingMeasures
from reports.document.blocks import Block, Bullets, Heading, Paragraph
from reports.figures.drawn import FigureWords
from reports.results.adoption import AdoptionResults
from reports.results.lookup import joined_platform, joint_id
from reports.results.study import StudyResults
from reports.sections.figure_block import figure_block
from reports.sections.joint_tables import level_table, parts_table, printed_table, wave_table
from reports.words.durations import horizon_words
from reports.words.funnels import cause_sentence, steady_sentence
from reports.words.labels import asked_in, holding, platform_label, with_interval
from reports.words.printer import Printer


def write_joint(results: StudyResults, printer: Printer, figures: Mapping[str, FigureWords]) -> list[Block]:
    """
    Write the chapter that joins awareness, sign-up and staying.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.
    figures : mapping of str to FigureWords
        Those drawn, by name.

    Returns
    -------
    list of Block
        Empty where there is nothing to join.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_joint(example_results(), open_printer("en"), {})[0].text
    'From hearing to staying'
    """
    adoption = results.adoption
    if adoption is None:
        return []
    blocks: list[Block] = [Heading(level=1, text=printer.say("From hearing to staying"), anchor="joint")]
    if adoption.waves:
        hold = holding(printer, asked_in(results.study.survey, joined_platform(results.study)))
        blocks.append(Paragraph.of(_multiplied(adoption, printer, hold, horizon_words(printer, results.study))))
        blocks += [figure_block(figures["joint"])] if "joint" in figures else []
        blocks.append(wave_table(results, adoption, printer))
        if isinstance(adoption.recent, JointFunnel):
            blocks.append(Paragraph.of(_recent(adoption.recent, printer, horizon_words(printer, results.study))))
        if adoption.measures is not None:
            blocks.append(Paragraph.of(_choice(adoption.measures, printer, horizon_words(printer, results.study))))
        blocks += [figure_block(figures["measures"])] if "measures" in figures else []
    if adoption.levels:
        blocks.append(level_table(results, adoption, printer))
    blocks += _printed(results, adoption, printer)
    blocks += _why(results, adoption, printer, figures)
    if "denominators" in figures:
        blocks += [
            Heading(level=2, text=printer.say("How many people"), anchor="joint-people"),
            figure_block(figures["denominators"]),
        ]
    return blocks


def _multiplied(adoption: AdoptionResults, printer: Printer, hold: str, time: str) -> str:
    """Say what is multiplied, and whose staying it is."""
    measures = {joint.staying for joint in (*adoption.waves, *adoption.by_log)}
    told = printer.say(
        "Three shares are multiplied: those who have heard of the service, of these those who {hold}, and "
        "of those who sign up the ones who are still there {time} later.",
        hold=hold,
        time=time,
    )
    if measures == {"log"}:
        whose = printer.say(
            "The first two come from the survey, the third from the log; the product carries the uncertainty of both, "
            "by linearisation and, beside it, by a parametric bootstrap."
        )
    elif measures == {"recall"}:
        whose = printer.say(
            "All three come from the survey, which asked those who signed up when they left; the product carries "
            "the covariance of the three, by linearisation and, beside it, by a parametric bootstrap."
        )
    else:
        whose = printer.say(
            "The first two come from the survey. Where it asked those who signed up when they left, the funnel of "
            "people takes their answer for the third, with the covariance of all three; the log counts accounts, and "
            "stands beside it as another measure, or in its place where a wave did not ask. The product carries the "
            "uncertainty of all, by linearisation and, beside it, by a parametric bootstrap."
        )
    return f"{told} {whose}"


def _choice(measures: StayingMeasures, printer: Printer, time: str) -> str:
    """Say how far the choice of measure moves the last wave, and how far sampling does."""
    recalled, logged = measures.funnels["recall"], measures.funnels["log"]
    identifier = f"joint.{recalled.wave}.{recalled.platform}.stayed.any"
    return printer.say(
        "In the last wave {recall} of the base signed up and stayed {time} as people recall it, {log} by the log, "
        "where an account is taken for a person; with sampling the two together cover {band}, and the choice of "
        "measure alone is {share} of that width. People forget what they soon dropped, and a silent account may have "
        "an owner who only reads or holds another: neither measure is the truth of the other.",
        time=time,
        recall=with_interval(printer, joint_id(recalled), recalled.cumulative["stayed"]),
        log=with_interval(printer, joint_id(logged), logged.cumulative["stayed"]),
        band=printer.interval(identifier, measures.band),
        share=printer.value(
            f"{identifier}.choice",
            measures.choice_share,
            unit="share",
            digits=0,
            why_no_interval="the range of measures, each with its interval beside it",
        ),
    )


def _recent(recent: JointFunnel, printer: Printer, time: str) -> str:
    identifier = f"joint.{recent.wave}.{recent.platform}.recent"
    return printer.say(
        "Staying by the log is that of all its accounts, whatever the wave. Of those that signed up in the year up to "
        "the last wave alone, {stayed} stay {time}, and all three steps come to {share} of the base.",
        time=time,
        stayed=with_interval(printer, f"{identifier}.conditional", recent.conditional["stayed"]),
        share=with_interval(printer, f"{identifier}.stayed", recent.cumulative["stayed"]),
    )


def _printed(results: StudyResults, adoption: AdoptionResults, printer: Printer) -> list[Block]:
    """Set the figures that others printed beside the study's own, and say for how long sign-up stood still."""
    blocks: list[Block] = []
    if adoption.printed:
        text = printer.say(
            "The funnels of the table below are joined from figures that others printed, which are real."
        )
        if adoption.waves and any(survey.simulated for survey in results.study.survey):
            text += " " + printer.say("The waves of this study, above, are simulated: they show the method.")
        blocks = [
            Heading(level=2, text=printer.say("What others printed"), anchor="joint-printed"),
            Paragraph.of(text),
        ]
    steady = _steady(results, adoption, printer)
    blocks += [Bullets(items=steady)] if steady else []
    return [*blocks, printed_table(results, adoption, printer)] if adoption.printed else blocks


def _steady(results: StudyResults, adoption: AdoptionResults, printer: Printer) -> tuple[str, ...]:
    told = []
    for series, run in adoption.steady_printed.items():
        mine = [each for each in adoption.printed if each.spec.series == series]
        line = [each.funnel for each in mine if isinstance(each.funnel, JointFunnel)]
        name = printer.label(mine[0].spec.label).rsplit(",", 1)[0]
        told.append(steady_sentence(printer, f"published.steady.{series}", name, run, line))
    if adoption.steady is not None:
        name = platform_label(printer, results.study, joined_platform(results.study))
        if any(survey.simulated for survey in results.study.survey):
            name = printer.say("{name} (simulated)", name=name)
        told.append(steady_sentence(printer, "difference.steady", name, adoption.steady, adoption.waves))
    return tuple(told)


def _why(
    results: StudyResults, adoption: AdoptionResults, printer: Printer, figures: Mapping[str, FigureWords]
) -> list[Block]:
    """Say in sentences what each step accounts for, and show it."""
    if not adoption.comparisons:
        return []
    told = tuple(cause_sentence(results, printer, each) for each in adoption.comparisons)
    return [
        Heading(level=2, text=printer.say("What each step accounts for"), anchor="joint-why"),
        Bullets(items=told),
        *([figure_block(figures["decomposition"])] if "decomposition" in figures else []),
        parts_table(results, adoption, printer),
    ]
