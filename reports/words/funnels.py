"""Names of funnels and of their steps, and the sentences that say what each accounts for in a difference."""

from __future__ import annotations

import re
from collections.abc import Sequence

from churn.adoption.decomposition import SteadyRun
from churn.adoption.joint import JointFunnel
from reports.results.adoption import Comparison
from reports.results.study import StudyResults
from reports.words.durations import horizon_words
from reports.words.labels import platform_label, wave_label, with_interval
from reports.words.printer import Printer
from surveys.study.published import PublishedFunnel

STEPS = ("aware", "signup", "stayed")


def part_label(printer: Printer, step: str) -> str:
    """
    Name a step as what contributes to a difference.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    step : str
        `aware`, `signup` or `stayed`.

    Returns
    -------
    str
        In lower case.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> part_label(open_printer("en"), "signup")
    'sign-up, of the aware'
    """
    return {
        "aware": printer.say("awareness"),
        "signup": printer.say("sign-up, of the aware"),
        "stayed": printer.say("staying, of those who sign up"),
    }[step]


def end_label(printer: Printer, step: str, time: str) -> str:
    """
    Say what the last step of a funnel makes of people.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    step : str
        `signup` or `stayed`.
    time : str
        How long who stayed did.

    Returns
    -------
    str
        In lower case.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> end_label(open_printer("en"), "stayed", "7 days")
    'share who signed up and stayed 7 days'
    """
    return {
        "aware": printer.say("share who have heard of it"),
        "signup": printer.say("share who signed up"),
        "stayed": printer.say("share who signed up and stayed {time}", time=time),
    }[step]


def measure_label(printer: Printer, staying: str) -> str:
    """
    Say whose staying a funnel counts.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    staying : str
        `recall` or `log`.

    Returns
    -------
    str
        In lower case, as it stands after a name.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> measure_label(open_printer("en"), "log")
    'by the log'
    """
    return {"recall": printer.say("as people recall it"), "log": printer.say("by the log")}[staying]


def side_names(results: StudyResults, printer: Printer, comparison: Comparison) -> tuple[str, str]:
    r"""
    Name the two funnels of a comparison.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language of the report.
    comparison : Comparison
        Which.

    Returns
    -------
    tuple of str
        First and second.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> results = example_results()
    >>> side_names(results, open_printer("en"), results.adoption.comparisons[0])[0].replace("\u00a0", " ")
    'Twitter, June 2009 (simulated)'
    """
    found = comparison.decomposition
    first, second = (
        _name(results, printer, spec, funnel.platform, funnel.wave)
        for spec, funnel in ((comparison.first, found.first), (comparison.second, found.second))
    )
    return first, second


def comparison_id(comparison: Comparison) -> str:
    """
    Name a comparison in the ledger of printed numbers.

    Parameters
    ----------
    comparison : Comparison
        Which.

    Returns
    -------
    str
        Begins with `difference` where it rests on the study's data, with `published` where on what others printed.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> comparison_id(example_results().adoption.comparisons[0])
    'difference.2009-06.2013-10'
    """
    if comparison.first is None or comparison.second is None:
        found = comparison.decomposition
        return f"difference.{found.first.wave}.{found.second.wave}"
    return f"published.difference.{comparison.first.id}.{comparison.second.id}"


def cause_sentence(results: StudyResults, printer: Printer, comparison: Comparison) -> str:
    r"""
    Say which step counts most in the difference of two funnels, as far as the data can tell.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.
    comparison : Comparison
        Which.

    Returns
    -------
    str
        A sentence.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> results = example_results()
    >>> cause_sentence(results, open_printer("en"), results.adoption.comparisons[1]).replace("\u00a0", " ")[:58]
    'From Twitter, France, June 2009 to Twitter, France, Octobe'
    """
    found, identifier = comparison.decomposition, comparison_id(comparison)
    first, second = side_names(results, printer, comparison)
    values = {
        "first": first,
        "second": second,
        "end": end_label(printer, found.steps[-1], horizon_words(printer, results.study)),
        "ratio": with_interval(printer, f"{identifier}.ratio", found.ratio),
    }
    if not found.changed:
        return printer.say(
            "From {first} to {second}, the {end} is multiplied by {ratio}: no difference beyond the uncertainty.",
            **values,
        )
    most = found.cause
    if most is None:
        return printer.say(
            "From {first} to {second}, the {end} is multiplied by {ratio}; no step accounts for more of it than the "
            "others beyond the uncertainty.",
            **values,
        )
    return printer.say(
        "From {first} to {second}, the {end} is multiplied by {ratio}; what counts most is {step}, which accounts for "
        "a factor of {part}.",
        **values,
        step=part_label(printer, most),
        part=with_interval(printer, f"{identifier}.{most}.ratio", found.ratios[most]),
    )


def row_label(printer: Printer, step: str) -> str:
    """
    Name a step as it stands at the head of a row.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    step : str
        `aware`, `signup` or `stayed`.

    Returns
    -------
    str
        With a capital.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> row_label(open_printer("en"), "aware")
    'Awareness'
    """
    return {
        "aware": printer.say("Awareness"),
        "signup": printer.say("Sign-up, of the aware"),
        "stayed": printer.say("Staying, of those who sign up"),
    }[step]


def steady_sentence(
    printer: Printer, identifier: str, name: str, run: SteadyRun, funnels: Sequence[JointFunnel]
) -> str:
    """
    Say for how long sign-up per aware person stayed as it was, and what awareness did meanwhile.

    Parameters
    ----------
    printer : Printer
        Language, and ledger of the numbers printed.
    identifier : str
        Under which its numbers are entered.
    name : str
        Of the service, and of who measured it.
    run : SteadyRun
        As found.
    funnels : sequence of JointFunnel
        Those in which it was found, in the same order.

    Returns
    -------
    str
        A sentence, and a second one where the run ended.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> adoption = example_results().adoption
    >>> line = [each.funnel for each in adoption.printed if each.spec.series == "twitter-fr"]
    >>> text = steady_sentence(open_printer("en"), "steady", "Twitter", adoption.steady_printed["twitter-fr"], line)
    >>> "28%" in text and "85%" in text and "7.1%" in text and "9.4%" in text
    True
    """
    first, last = funnels[0], funnels[run.n - 1]
    text = printer.say(
        "{name}: from {first} to {last}, awareness went from {before} to {after}, and sign-up per aware person stayed "
        "between {least} and {most}: differences no larger than chance ({p}, Cochran’s test).",
        name=name,
        first=_when(printer, run.first),
        last=_when(printer, run.last),
        before=printer.estimate(f"{identifier}.aware.first", first.conditional["aware"]),
        after=printer.estimate(f"{identifier}.aware.last", last.conditional["aware"]),
        least=with_interval(printer, f"{identifier}.least", run.least),
        most=with_interval(printer, f"{identifier}.most", run.most),
        p=printer.numbers.p_value(run.p_value),
    )
    if run.ended_by is None:
        return text
    after = printer.say(
        "In {when} it was {share}, which does not fit.",
        when=_when(printer, funnels[run.n].wave),
        share=with_interval(printer, f"{identifier}.after", run.ended_by),
    )
    return f"{text} {after}"


def _name(results: StudyResults, printer: Printer, spec: PublishedFunnel | None, platform: str, wave: str) -> str:
    if spec is not None:
        return printer.label(spec.label)
    survey = next(survey for survey in results.study.survey if survey.wave == wave)
    name = f"{platform_label(printer, results.study, platform)}, {wave_label(printer, survey)}"
    return printer.say("{name} (simulated)", name=name) if survey.simulated else name


def _when(printer: Printer, wave: str) -> str:
    return printer.numbers.month(wave) if re.fullmatch(r"\d{4}-\d\d", wave) else wave
