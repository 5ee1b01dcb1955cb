"""Published figures and sentences of the press, and whether they hold up."""

from __future__ import annotations

from collections.abc import Mapping

from reports.figures.drawn import DrawnFigure
from reports.labels import listed
from reports.model import Block, Column, Heading, Paragraph, Table
from reports.printer import Printer
from reports.recipe import Results
from reports.sections.figure_block import figure_block
from surveys.claims import CheckedClaim, Difference
from surveys.results import Estimate


def write_published(results: Results, printer: Printer, figures: Mapping[str, DrawnFigure]) -> list[Block]:
    """
    Write the chapter on published figures and claims.

    Parameters
    ----------
    results : Results
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.
    figures : mapping of str to DrawnFigure
        Those drawn, by name.

    Returns
    -------
    list of Block
        Empty where the study has no published figures.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.printer import open_printer
    >>> write_published(example_results(), open_printer("en"), {})[0].text
    'Do the published figures hold up?'
    """
    if results.published is None:
        return []
    blocks: list[Block] = [Heading(level=1, text=printer.say("Do the published figures hold up?"), anchor="published")]
    if "published" in figures:
        blocks.append(figure_block(figures["published"]))
    if results.claims:
        blocks += [
            Heading(level=2, text=printer.say("Sentences of the press"), anchor="claims"),
            Paragraph.of(
                printer.say(
                    "Each sentence is restated in our own words and held against published figures: "
                    "their arithmetic, their base, their definition and their interval."
                )
            ),
            _claims_table(results, printer),
        ]
    return blocks


def _claims_table(results: Results, printer: Printer) -> Table:
    headers = (
        printer.say("Sentence"),
        printer.say("Claimed"),
        printer.say("What the figures allow"),
        printer.say("Verdict"),
        printer.say("Why"),
    )
    return Table(
        anchor="tab-claims",
        caption=printer.say("Sentences of the press and their verdicts"),
        columns=tuple(
            Column(text=header, align="right" if index in (1, 2) else "left", width=width)
            for index, (header, width) in enumerate(zip(headers, (2.4, 0.9, 1.5, 1.2, 3.2), strict=True))
        ),
        rows=tuple(_claim_row(claim, printer) for claim in results.claims),
        base=printer.say(
            "Base: the people or messages named in each sentence. Intervals at the {level} level cover "
            "sampling and rounding.",
            level=printer.numbers.share(results.study.study.conf_level),
        ),
        notes=(
            printer.say(
                "Held against these rows of {file}: {rows}.", file=_file(results), rows=", ".join(_rows(results))
            ),
        ),
    )


def _claim_row(checked: CheckedClaim, printer: Printer) -> tuple[str, ...]:
    claim = checked.claim
    unit = "people" if claim.estimand == "people" else "share"
    claimed = printer.value(
        f"claim.{claim.id}.claimed", claim.value, unit=unit, why_no_interval="as the sentence states it"
    )
    return (
        printer.label(claim.statement),
        claimed,
        _allowed(checked, printer),
        verdict_label(printer, checked.verdict),
        _why(checked, printer),
    )


def _allowed(checked: CheckedClaim, printer: Printer) -> str:
    """Print the interval of the evidence; a count that is only rounded is printed as it is."""
    identifier, interval = f"claim.{checked.claim.id}.allowed", checked.interval
    if not isinstance(interval, Estimate):
        return printer.note(interval.reason)
    if interval.method == "rounding":
        return printer.value(identifier, interval.estimate, unit=interval.unit, why_no_interval="a count, rounded")
    return printer.interval(identifier, interval)


def _why(checked: CheckedClaim, printer: Printer) -> str:
    parts = [printer.note(checked.reason), *(_difference(difference, printer) for difference in checked.differences)]
    return listed(printer, parts) + "."


def _difference(difference: Difference, printer: Printer) -> str:
    flags = {
        "arithmetic": printer.say("arithmetic"),
        "base": printer.say("base"),
        "definition": printer.say("definition"),
        "date": printer.say("date"),
        "precision": printer.say("precision"),
    }
    words = {
        "base": printer.say("the figure is of other people"),
        "definition": printer.say("the figure measures something else"),
        "date": printer.say("the figure is of another date"),
        "arithmetic": printer.say("the product is wrong"),
        "precision": printer.say("more digits than the figures bear"),
    }
    told = words[difference.flag] if difference.words is None else printer.label(difference.words)
    return printer.say("{flag}: {words}", flag=flags[difference.flag], words=told)


def verdict_label(printer: Printer, verdict: str) -> str:
    """
    Name a verdict.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    verdict : str
        As `check_claim` gives it.

    Returns
    -------
    str
        In the language of the report.

    Examples
    --------
    >>> from reports.printer import open_printer
    >>> verdict_label(open_printer("fr"), "overstated")
    'exagéré'
    """
    return {
        "supported": printer.say("supported"),
        "consistent": printer.say("consistent"),
        "overstated": printer.say("overstated"),
        "understated": printer.say("understated"),
        "contradicted": printer.say("contradicted"),
        "not checkable": printer.say("not checkable"),
    }[verdict]


def _rows(results: Results) -> list[str]:
    return list(dict.fromkeys(figure.id for claim in results.claims for figure in claim.evidence))


def _file(results: Results) -> str:
    return "" if results.published is None else results.published.path.name
