"""The annex: definitions, bases, methods and sources, as they were used."""

from __future__ import annotations

from collections.abc import Sequence

from churn.competing.curve import CumulativeIncidence
from churn.next_visit.curve import NextVisitCurve
from churn.projection.projection import RetentionProjection
from churn.tenures.rules import DropoutRule
from reports.document.blocks import Block, Bullets, Column, Definitions, Heading, Paragraph, Table
from reports.results.staying import StayingResults
from reports.results.study import StudyResults
from reports.sections.staying import UNITS
from reports.words.durations import ONE_MONTH, lasting
from reports.words.labels import asked_in, holding, note_sentence, wave_label
from reports.words.printer import Printer
from surveys.claims.inputs import USUAL_RESPONDENTS
from surveys.core.results import Unavailable
from surveys.study.schema import Survey

WIDTHS_OF_DESIGN = {"weight": 0.65, "strata": 0.65, "cluster": 0.95}


def write_methods(results: StudyResults, printer: Printer) -> list[Block]:
    """
    Write the methods annex.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    list of Block
        Definitions, methods, surveys, usage, populations.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_methods(example_results(), open_printer("en"))[0].text
    'Annex: definitions, methods, sources'
    """
    blocks: list[Block] = [
        Heading(level=1, text=printer.say("Annex: definitions, methods, sources"), anchor="methods"),
        Heading(level=2, text=printer.say("Definitions"), anchor="definitions"),
        Definitions(items=tuple(_definitions(results, printer))),
        Heading(level=2, text=printer.say("Methods"), anchor="computation"),
        Bullets(items=tuple(_methods(results, printer))),
    ]
    if results.study.survey:
        blocks += [Heading(level=2, text=printer.say("Surveys"), anchor="surveys"), _surveys_table(results, printer)]
    if results.study.usage is not None and results.staying is not None:
        blocks += [Heading(level=2, text=printer.say("Usage"), anchor="usage"), Paragraph.of(_usage(results, printer))]
    if results.study.population:
        blocks += [
            Heading(level=2, text=printer.say("Populations"), anchor="populations"),
            _populations_table(results, printer),
        ]
    return blocks


def _definitions(results: StudyResults, printer: Printer) -> list[tuple[str, str]]:
    return [
        *_definitions_of_surveys(results, printer),
        *_definitions_of_usage(results, printer),
        *_definitions_of_published(results, printer),
        (
            printer.say("Rounding"),
            printer.say(
                "Numbers are rounded to the nearest, halves away from zero, as spreadsheets do: {half} is printed as "
                "{whole}. {all} is said of all alone and {none} of nobody: a share close to either is printed with "
                "a decimal, or as more or less than the nearest half.",
                half=printer.numbers.share(0.285, 1),
                whole=printer.numbers.share(0.285),
                all=printer.numbers.share(1),
                none=printer.numbers.share(0),
            ),
        ),
    ]


def _definitions_of_surveys(results: StudyResults, printer: Printer) -> list[tuple[str, str]]:
    told = []
    asked = {step for survey in results.study.survey for each in survey.platform.values() for step in each.steps()}
    if "aware" in asked:
        told.append(
            (
                printer.say("Awareness"),
                printer.say(
                    "Share of the base who answer that they have heard of the service, its name being shown to them."
                ),
            )
        )
    if "signup" in asked:
        hold = holding(printer, asked_in(results.study.survey))
        told.append(
            (
                printer.say("Sign-up"),
                printer.say(
                    "Share of the base who {hold}. Sign-up per aware person is a ratio of two estimates, "
                    "not of two rounded percentages.",
                    hold=hold,
                )
                if "aware" in asked
                else printer.say("Share of the base who {hold}.", hold=hold),
            )
        )
    if results.study.survey:
        told += [
            (
                printer.say("Base"),
                printer.say(
                    "The people a percentage is of. Those whom a filter spared a question count as “no” "
                    "where the base is "
                    "everybody; dividing by those who were asked would give another number."
                ),
            ),
        ]
    return told


def _definitions_of_usage(results: StudyResults, printer: Printer) -> list[tuple[str, str]]:
    told = []
    usage, staying = results.study.usage, results.staying
    if usage is not None and staying is not None:
        unit = staying.curve.time_unit
        horizon = lasting(printer, usage.horizon, unit)
        rule = (
            printer.say(
                "An account is gone after a day when it is never seen again. S(t) is the probability of being seen "
                "again after day t: each account followed beyond t is waited for until its next visit, and the end of "
                "the log cuts the wait short (Kaplan-Meier); who comes back later than the longest wait that the log "
                "supports counts as gone. Where a yes or no is needed for each account, as in tests over all tenures, "
                "models and projections, it is gone if it shows nothing in the last {gap} days of observation.",
                gap=printer.numbers.count(usage.dropout.gap_days),
            )
            if usage.dropout.rule == "next_visit"
            else printer.say(
                "An account is gone if it shows nothing in the last {gap} days of observation; it left at "
                "its last activity. "
                "Every other account is counted as observed until {gap} days before the end.",
                gap=printer.numbers.count(usage.dropout.gap_days),
            )
            if usage.dropout.rule == "inactive"
            else note_sentence(printer, DropoutRule.of(usage.dropout).describe())
        )
        told += [
            (
                printer.say("Tenure"),
                printer.say("Time since sign-up, in local days after that of sign-up.")
                if usage.dropout.rule == "next_visit"
                else printer.say("Time since sign-up, in days of 24 hours begun.")
                if usage.tenure is None
                else printer.say(
                    "Time since sign-up, in {unit}, as the table gives it.", unit=printer.say(UNITS[unit])
                ),
            ),
            (printer.say("Dropout"), rule),
            (
                printer.say("One-month dropout")
                if (unit, usage.horizon) in ONE_MONTH
                else printer.say("Dropout after {time}", time=horizon),
                printer.say(
                    "One minus the share seen again after {time} (next visit). It is neither the "
                    "churn of visitors "
                    "from one month to the next, nor the share of ever-holders who have left."
                    if usage.dropout.rule == "next_visit"
                    else "One minus the share still there after {time} (Kaplan-Meier). It is neither the "
                    "churn of visitors "
                    "from one month to the next, nor the share of ever-holders who have left.",
                    time=horizon,
                ),
            ),
        ]
    if staying is not None and staying.activity is not None:
        told += [
            (
                printer.say("Cohort, age"),
                printer.say(
                    "Accounts that signed up in the same calendar month; whole months since, the first being 0. "
                    "A cell whose month is not over is hatched, and holds what older cohorts let expect."
                ),
            ),
            (
                printer.say("Visitor churn"),
                printer.say(
                    "Share of the accounts active in a month that are not active in the next, whether or not they "
                    "come back."
                ),
            ),
        ]
    return told


def _definitions_of_published(results: StudyResults, printer: Printer) -> list[tuple[str, str]]:
    told = []
    if results.published is not None:
        told += [
            (
                printer.say("Published figure"),
                printer.say(
                    "A number that somebody printed, with its base and source. Its interval covers "
                    "sampling (Wilson) and rounding."
                ),
            ),
            (
                printer.say("Verdict"),
                printer.say(
                    "Supported: the figure rounds to what is claimed. Consistent: the claim lies within the interval. "
                    "Overstated or understated: it lies outside. Contradicted: far outside, beyond a bound that it "
                    "sets, or against its own figures. Not checkable: the figures measure something else or other "
                    "people, cannot tell a change from none, or answer differently by reading."
                ),
            ),
        ]
    return told


def _methods(results: StudyResults, printer: Printer) -> list[str]:
    told = [
        printer.say("Intervals are at the {level} level.", level=printer.numbers.share(results.study.study.conf_level))
    ]
    if results.study.survey:
        told.append(_methods_of_surveys(results.study.survey, printer))
    if results.staying is not None:
        told.append(
            printer.say(
                "Staying: Kaplan and Meier’s estimate of the wait for the next visit, from counts of consecutive and "
                "last active days; Greenwood’s variance, in which each account counts once; intervals symmetric on the "
                "logit. The silence of the tests is held against it by a delete-a-group jackknife."
            )
            if isinstance(results.staying.curve, NextVisitCurve)
            else printer.say(
                "Staying: Kaplan and Meier’s estimate from counts of accounts by tenure, Greenwood’s "
                "variance, intervals "
                "symmetric for log(−log S)."
            )
        )
        told += _methods_of_staying(results.staying, printer)
        told += [note_sentence(printer, note) for note in results.staying.notes]
    if results.joint:
        told.append(
            printer.say(
                "Joint funnel: the product of two independent estimates, its variance linearised on the logarithm, its "
                "interval on the logit."
            )
            if all(joint.staying == "log" for joint in results.joint)
            else printer.say(
                "Joint funnel: a product, its variance linearised on the logarithm, its interval on the logit. Shares "
                "told by one sample have one covariance, from their influence values; the log is independent of it."
            )
        )
    if results.claims:
        told.append(
            printer.say(
                "Sentences: each figure of a formula is moved to either end of its interval, the others held, and the "
                "deviations are added in squares (Zou and Donner, 2008), on the logarithm for products and quotients. "
                "A share without a number of respondents keeps its rounding alone; it goes against a sentence only "
                "where the sampling error of {n} respondents would not save it.",
                n=printer.numbers.count(USUAL_RESPONDENTS),
            )
        )
    if any(claim.claim.top is not None for claim in results.claims):
        told.append(
            printer.say(
                "Concentration: bounds that any concave concentration curve through the published points obeys."
            )
        )
    return told


def _methods_of_surveys(surveys: Sequence[Survey], printer: Printer) -> str:
    """Say how variances were had, of the designs that the surveys have."""
    if all(survey.replicates for survey in surveys):
        return printer.say(
            "Surveys: variances from replicate weights; one covariance matrix for each survey; logit intervals with "
            "Student’s law; Korn and Graubard’s at 0 and 100%."
        )
    if not any(survey.weight or survey.strata or survey.cluster for survey in surveys):
        return printer.say(
            "Surveys: linearised variances of a simple random sample; one covariance matrix for each survey; logit "
            "intervals with Student’s law; Korn and Graubard’s at 0 and 100%."
        )
    return printer.say(
        "Surveys: linearised variances from strata, clusters and weights; one covariance matrix "
        "for each survey; "
        "logit intervals with Student’s law on primary units minus strata; Korn and Graubard’s at 0 and 100%."
    )


def _methods_of_staying(staying: StayingResults, printer: Printer) -> list[str]:
    told = []
    if any(not isinstance(group.test, Unavailable) for group in staying.groups):
        told.append(
            printer.say(
                "Groups of accounts: log-rank test; mean tenures as areas under the curves within the tenure that all "
                "groups reach."
            )
        )
    if isinstance(staying.incidence, CumulativeIncidence):
        told.append(
            printer.say(
                "Causes of departure: Aalen and Johansen’s estimate, standard errors by the infinitesimal jackknife."
            )
        )
    if isinstance(staying.projection, RetentionProjection):
        told.append(
            printer.say(
                "Projection: rates of departure that differ between accounts by a beta distribution, and change with "
                "tenure only where a likelihood ratio test at 5% finds that they do; maximum likelihood. Beyond the "
                "last period observed, the share observed after it times the share of those that the model retains; "
                "the variances of its logarithm are Greenwood’s, the delta method’s, and the square of the error on "
                "the periods held out beyond what chance explains, in proportion to the distance."
            )
        )
    return told


def _surveys_table(results: StudyResults, printer: Printer) -> Table:
    assert results.disclosure is not None
    sizes = {item.wave: int(item.values["n"]) for item in results.disclosure.of("sample_size")}
    surveys = results.study.survey
    headers = {"weight": printer.say("Weight"), "strata": printer.say("Strata"), "cluster": printer.say("Clusters")}
    cells = {
        survey.wave: {"weight": _weights(printer, survey)}
        | {name: _columns(getattr(survey, name)) for name in ("strata", "cluster")}
        for survey in surveys
    }
    design = [name for name in headers if any(cells[survey.wave][name] != "–" for survey in surveys)]
    columns = (
        Column(text=printer.say("Wave"), width=1.1),
        Column(text=printer.say("Fieldwork"), width=1.4),
        Column(text="n", align="right", width=0.55),
        Column(text=printer.say("Sample"), width=0.95),
        *(Column(text=headers[name], width=WIDTHS_OF_DESIGN[name]) for name in design),
        Column(text=printer.say("File"), width=2.1),
    )
    rows = [
        (
            wave_label(printer, survey),
            printer.numbers.period(survey.date or survey.wave),
            printer.numbers.count(sizes[survey.wave]),
            _sampling(printer, survey),
            *(cells[survey.wave][name] for name in design),
            survey.file.rpartition("/")[2],
        )
        for survey in surveys
    ]
    return Table(
        anchor="tab-surveys",
        caption=printer.say("Surveys and their designs"),
        columns=columns,
        rows=tuple(rows),
        base=printer.say(
            "Base: n counts the respondents of each survey; how many answered a question stands beside its shares."
        ),
        notes=(),
    )


def _sampling(printer: Printer, survey: Survey) -> str:
    words = {
        "probability": printer.say("random"),
        "quota": printer.say("quotas"),
        "opt-in": printer.say("opt-in"),
        "census": printer.say("census"),
    }
    simulated = f" ({printer.say('simulated')})" if survey.simulated else ""
    return words[survey.sampling] + simulated


def _weights(printer: Printer, survey: Survey) -> str:
    """Name the column of the weights, and the steps of weighting."""
    steps = {
        "poststratify": printer.say("post-stratified"),
        "rake": printer.say("raked"),
        "calibrate": printer.say("calibrated"),
        "trim": printer.say("trimmed"),
    }
    made = dict.fromkeys(steps[step.kind] for step in survey.weighting)
    return ", ".join([*([] if survey.weight is None else [survey.weight]), *made]) or "–"


def _columns(value: str | tuple[str, ...] | None) -> str:
    return "–" if value is None else value if isinstance(value, str) else ", ".join(value)


def _usage(results: StudyResults, printer: Printer) -> str:
    usage, staying = results.study.usage, results.staying
    assert usage is not None
    assert staying is not None
    n = printer.numbers.count(staying.curve.n)
    told = (
        printer.say(
            "Log of events: {n} accounts, observed until {day} ({zone})."
            if usage.events is not None
            else "Table of accounts: {n} accounts, observed until {day} ({zone}).",
            n=n,
            day=printer.numbers.date(results.study.study.as_of),
            zone=results.study.study.timezone,
        )
        if usage.tenure is None
        else printer.say("Table of tenures: {n} accounts, as they stood when it was made.", n=n)
    )
    return f"{told} {printer.say('Simulated data.')}" if usage.simulated else told


def _populations_table(results: StudyResults, printer: Printer) -> Table:
    headers = (printer.say("Population"), printer.say("People"), printer.say("Source"))
    return Table(
        anchor="tab-populations",
        caption=printer.say("Sizes of populations"),
        columns=tuple(
            Column(text=header, align="right" if index == 1 else "left", width=width)
            for index, (header, width) in enumerate(zip(headers, (2.0, 1.0, 3.0), strict=True))
        ),
        rows=tuple(
            (
                printer.label(population.label),
                printer.value(
                    f"population.{name}", population.size, unit="people", why_no_interval="as its source gives it"
                ),
                printer.label(population.source),
            )
            for name, population in results.study.population.items()
        ),
        base=printer.say("Base: as each source counts. Taken as known without error."),
        notes=(),
    )
