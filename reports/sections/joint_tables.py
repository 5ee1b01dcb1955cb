"""Tables of the chapter from hearing to staying: by wave, by group, as others printed, and what steps account for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from churn.adoption.decomposition import SHARED_STEP
from churn.adoption.joint import JointFunnel
from reports.document.blocks import Column, Row, RowGroup, Table
from reports.results.adoption import AdoptionResults, Comparison, PrintedFunnel
from reports.results.lookup import joined_platform, joint_id
from reports.results.study import StudyResults
from reports.words.durations import horizon_words
from reports.words.funnels import comparison_id, measure_label, row_label, side_names
from reports.words.labels import (
    Asked,
    asked_in,
    group_label,
    holding,
    level_label,
    listed,
    note_sentence,
    platform_label,
    sampling_words,
    simulated_surveys,
    wave_label,
    with_interval,
)
from reports.words.printer import Printer
from surveys.core.results import Unavailable
from surveys.study.published import PublishedFunnel

STEPS = ("aware", "signup", "stayed")
OF_USERS = "active_use"
"""Measure of figures that count users, where others count accounts."""


def wave_table(results: StudyResults, adoption: AdoptionResults, printer: Printer) -> Table:
    """
    Set the three steps and their product in a table, by wave.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    adoption : AdoptionResults
        With at least one wave.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    Table
        One row for each wave.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> results = example_results()
    >>> wave_table(results, results.adoption, open_printer("en")).anchor
    'tab-joint'
    """
    surveys = {survey.wave: survey for survey in results.study.survey}
    shown = _by_measure(adoption)
    several = len({joint.staying for joint in shown}) > 1
    rows: list[Row] = []
    for joint in shown:
        identifier, people = joint_id(joint), joint.people("stayed")
        name = wave_label(printer, surveys[joint.wave])
        rows.append(
            (
                f"{name}, {measure_label(printer, joint.staying)}" if several else name,
                *_steps(printer, joint),
                with_interval(printer, identifier, joint.cumulative["stayed"]),
                printer.interval(f"{identifier}.bootstrap", joint.bootstrap()["stayed"]),
                "–" if isinstance(people, Unavailable) else with_interval(printer, f"{identifier}.people", people),
            )
        )
    headers = (
        printer.say("Wave"),
        *_step_headers(
            printer,
            asked_in(results.study.survey, joined_platform(results.study)),
            horizon_words(printer, results.study),
        ),
        printer.say("all three, of the base"),
        printer.say("the same, by bootstrap"),
        printer.say("people"),
    )
    name = platform_label(printer, results.study, joined_platform(results.study))
    return Table(
        anchor="tab-joint",
        caption=printer.say("{platform}: awareness × sign-up × staying, by wave", platform=name),
        columns=_columns(headers, (1.1, 1.0, 1.0, 1.05, 1.1, 1.1, 1.9)),
        rows=tuple(rows),
        base=_base(results, printer, shown),
        notes=(*simulated_surveys(printer, results.study), *_notes(printer, shown)),
    )


def _by_measure(adoption: AdoptionResults) -> list[JointFunnel]:
    """Give each wave by people's own staying and, after it, by the log."""
    logs = {joint.wave: joint for joint in adoption.by_log}
    shown: list[JointFunnel] = []
    for joint in adoption.waves:
        shown.append(joint)
        if joint.staying != "log" and joint.wave in logs:
            shown.append(logs[joint.wave])
    return shown


def level_table(results: StudyResults, adoption: AdoptionResults, printer: Printer) -> Table:
    """
    Set the same in a table, by group, for the last wave.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    adoption : AdoptionResults
        With at least one level.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    Table
        Levels under the name of their group.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> results = example_results()
    >>> level_table(results, results.adoption, open_printer("en")).anchor
    'tab-joint-groups'
    """
    wave = adoption.waves[-1].wave
    survey = next(survey for survey in results.study.survey if survey.wave == wave)
    rows: list[Row] = []
    group = ""
    for each in adoption.levels:
        if each.group != group:
            group = each.group
            rows.append(RowGroup(text=group_label(printer, survey, group)))
        label, joint = level_label(printer, survey, each.group, each.level), each.funnel
        if isinstance(joint, Unavailable):
            rows.append((label, *["–"] * 6))
            continue
        rows.append(
            (
                label,
                *_steps(printer, joint),
                with_interval(printer, joint_id(joint), joint.cumulative["stayed"]),
                printer.interval(f"{joint_id(joint)}.bootstrap", joint.bootstrap()["stayed"]),
                printer.numbers.count(joint.cumulative["signup"].n or 0),
            )
        )
    headers = (
        printer.say("Group"),
        *_step_headers(
            printer,
            asked_in((survey,), joined_platform(results.study)),
            horizon_words(printer, results.study),
        ),
        printer.say("all three, of the base"),
        printer.say("the same, by bootstrap"),
        "n",
    )
    name = platform_label(printer, results.study, joined_platform(results.study))
    return Table(
        anchor="tab-joint-groups",
        caption=printer.say(
            "{platform}: awareness × sign-up × staying, by group, {wave}",
            platform=name,
            wave=wave_label(printer, survey),
        ),
        columns=_columns(headers, (1.0, 1.0, 1.2, 1.05, 1.15, 0.95, 0.5)),
        rows=tuple(rows),
        base=_base(results, printer, adoption.waves[-1:]) + " " + sampling_words(printer, survey),
        notes=(
            *simulated_surveys(printer, results.study),
            *_about_levels(adoption, printer),
        ),
    )


def _about_levels(adoption: AdoptionResults, printer: Printer) -> tuple[str, ...]:
    """Say which levels could not be joined and why, and whose staying the others have."""
    reasons = {str(each.funnel): each.funnel.reason for each in adoption.levels if isinstance(each.funnel, Unavailable)}
    told = [printer.say("A dash: {reason}.", reason=printer.note(reason)) for reason in reasons.values()]
    if not all(each.own_curve for each in adoption.levels) and adoption.waves[-1].staying == "log":
        told.append(printer.say("The log does not tell these groups apart: staying is that of all accounts."))
    joined = [each.funnel for each in adoption.levels if isinstance(each.funnel, JointFunnel)]
    return (*told, *_notes(printer, joined))


def printed_table(results: StudyResults, adoption: AdoptionResults, printer: Printer) -> Table:
    """
    Set funnels that others printed in a table, by country and platform.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    adoption : AdoptionResults
        With at least one printed funnel.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    Table
        One row for each; those of one country and platform under one header where their labels end with a date.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> results = example_results()
    >>> printed_table(results, results.adoption, open_printer("en")).rows[0].text
    'Twitter, France'
    """
    names = [printer.label(each.spec.label).rsplit(", ", 1) for each in adoption.printed]
    grouped = all(len(name) == 2 for name in names)
    rows: list[Row] = []
    group = ""
    for each, name in zip(adoption.printed, names, strict=True):
        if grouped and name[0] != group:
            group = name[0]
            rows.append(RowGroup(text=group))
        rows.append((name[-1] if grouped else ", ".join(name), *_printed_cells(each, printer)))
    headers = (
        printer.say("Date") if grouped else printer.say("Service, country, date"),
        printer.say("have heard of it"),
        printer.say("sign up, of the aware"),
        printer.say("signed up, of the base"),
        "n",
    )
    joined = [each.funnel for each in adoption.printed if isinstance(each.funnel, JointFunnel)]
    return Table(
        anchor="tab-joint-printed",
        caption=printer.say("Awareness and sign-up as others printed them"),
        columns=_columns(headers, (1.9, 1.3, 1.5, 1.5, 0.6)),
        rows=tuple(rows),
        base=printer.say(
            "Base: that of each publisher, which may differ from row to row, as may what counts as signing up. In "
            "brackets: {level} confidence intervals.",
            level=printer.numbers.share(results.study.study.conf_level),
        ),
        notes=(
            *_notes(printer, joined),
            *_uses(results, [each.spec for each in adoption.printed], printer),
            *_missing(adoption, printer),
            *_publishers(results, adoption, printer),
        ),
    )


def _printed_cells(each: PrintedFunnel, printer: Printer) -> tuple[str, ...]:
    joint, identifier = each.funnel, f"published.funnel.{each.spec.id}"
    if isinstance(joint, Unavailable):
        return ("–",) * 4
    return (
        with_interval(printer, f"{identifier}.aware", joint.conditional["aware"]),
        with_interval(printer, f"{identifier}.signup.conditional", joint.conditional["signup"]),
        with_interval(printer, f"{identifier}.signup", joint.cumulative["signup"]),
        printer.numbers.count(joint.cumulative["aware"].n or 0),
    )


def _uses(results: StudyResults, specs: Iterable[PublishedFunnel], printer: Printer) -> tuple[str, ...]:
    """Name the funnels whose second step counts users and not accounts."""
    if results.published is None:
        return ()
    labels = [printer.label(spec.label) for spec in specs if results.published[spec.signup].measure == OF_USERS]
    if not labels:
        return ()
    return (printer.say("Users, not holders of an account: {funnels}.", funnels=listed(printer, labels)),)


def _missing(adoption: AdoptionResults, printer: Printer) -> tuple[str, ...]:
    """Say why some funnels are empty."""
    reasons: dict[str, list[str]] = {}
    for each in adoption.printed:
        if isinstance(each.funnel, Unavailable):
            reasons.setdefault(note_sentence(printer, each.funnel.reason), []).append(printer.label(each.spec.label))
    return tuple(
        printer.say(
            "A dash ({funnels}): {reason}", funnels=listed(printer, labels), reason=reason[:1].lower() + reason[1:]
        )
        for reason, labels in reasons.items()
    )


def _publishers(results: StudyResults, adoption: AdoptionResults, printer: Printer) -> tuple[str, ...]:
    assert results.published is not None
    names = (
        results.published[figure].publisher.partition(" via ")[0].partition(" (")[0]
        for each in adoption.printed
        for figure in (each.spec.aware, each.spec.signup)
    )
    published = results.study.published
    said = (name if published is None else printer.label(published.say(name) or name) for name in names)
    return (printer.say("Source: {publishers}.", publishers=listed(printer, said)),)


def parts_table(results: StudyResults, adoption: AdoptionResults, printer: Printer) -> Table:
    """
    Set what each step contributes to each difference in a table.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    adoption : AdoptionResults
        With at least one comparison.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    Table
        The rows of each comparison under a header, the whole last.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> results = example_results()
    >>> [row[0] for row in parts_table(results, results.adoption, open_printer("en")).rows[1:4]]
    ['Awareness', 'Sign-up, of the aware', 'Together']
    """
    rows: list[Row] = []
    for each in adoption.comparisons:
        rows.append(RowGroup(text=" → ".join(side_names(results, printer, each))))
        rows += _parts(each, printer)
    headers = (
        printer.say("Step"),
        printer.say("multiplied by"),
        printer.say("points of the difference"),
    )
    notes = [
        note
        for each in adoption.comparisons
        for note in each.decomposition.notes
        if note.message != SHARED_STEP.message
    ]
    specs = [spec for each in adoption.comparisons for spec in (each.first, each.second) if spec is not None]
    return Table(
        anchor="tab-joint-parts",
        caption=printer.say("What each step accounts for in the difference"),
        columns=_columns(headers, (2.5, 1.8, 2.2)),
        rows=tuple(rows),
        base=printer.say(
            "Base: those of the two funnels. The ratios of the steps multiply to that of the whole. Points: after "
            "Shapley. In brackets: {level} confidence intervals, by the delta method for ratios and from draws for "
            "points. A step for which one figure serves both funnels is no step of their difference.",
            level=printer.numbers.share(results.study.study.conf_level),
        ),
        notes=(
            *dict.fromkeys(note_sentence(printer, note) for note in notes),
            *_uses(results, specs, printer),
        ),
    )


def _parts(comparison: Comparison, printer: Printer) -> list[Row]:
    found, identifier = comparison.decomposition, comparison_id(comparison)
    rows: list[Row] = []
    for step in found.steps:
        name = f"{identifier}.{step}"
        rows.append(
            (
                row_label(printer, step),
                with_interval(printer, f"{name}.ratio", found.ratios[step]),
                with_interval(printer, f"{name}.points", found.parts[step]),
            )
        )
    whole = (
        printer.say("Together"),
        with_interval(printer, f"{identifier}.ratio", found.ratio),
        with_interval(printer, f"{identifier}.points", found.difference),
    )
    return [*rows, whole]


def _steps(printer: Printer, joint: JointFunnel) -> tuple[str, ...]:
    return tuple(
        with_interval(printer, f"{joint_id(joint, step)}.conditional", joint.conditional[step]) for step in STEPS
    )


def _step_headers(printer: Printer, asked: Asked, time: str) -> tuple[str, ...]:
    return (
        printer.say("have heard of it"),
        printer.say("{hold}, of the aware", hold=holding(printer, asked)),
        printer.say("stay {time}, of those who sign up", time=time),
    )


def _columns(headers: tuple[str, ...], widths: tuple[float, ...]) -> tuple[Column, ...]:
    return tuple(
        Column(text=header, align="left" if i == 0 else "right", width=width)
        for i, (header, width) in enumerate(zip(headers, widths, strict=True))
    )


def _base(results: StudyResults, printer: Printer, shown: Sequence[JointFunnel]) -> str:
    level = printer.numbers.share(results.study.study.conf_level)
    measures = {joint.staying for joint in shown}
    if measures == {"log"}:
        return printer.say(
            "Base: all respondents of each wave; accounts of the log for staying. In brackets: {level} "
            "confidence intervals.",
            level=level,
        )
    if measures == {"recall"}:
        return printer.say(
            "Base: all respondents of each wave; those of them who signed up and told when they left for staying. In "
            "brackets: {level} confidence intervals.",
            level=level,
        )
    return printer.say(
        "Base: all respondents of each wave; for staying those of them who signed up and told when they left, or "
        "accounts of the log. In brackets: {level} confidence intervals.",
        level=level,
    )


def _notes(printer: Printer, funnels: Sequence[JointFunnel]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note_sentence(printer, note) for each in funnels for note in each.notes))
