"""Putting the sections of a report together, in one language."""

from __future__ import annotations

from collections.abc import Mapping

from reports.document.blocks import Block, Document, Heading, Paragraph
from reports.figures.drawn import DrawnFigure
from reports.results.study import Results
from reports.sections.adoption import write_adoption
from reports.sections.answers import write_answers
from reports.sections.calibration import write_calibration
from reports.sections.claims import write_claims
from reports.sections.crosstabs import write_crosstabs
from reports.sections.diffusion import write_diffusion
from reports.sections.disclosure import write_disclosure
from reports.sections.joint import write_joint
from reports.sections.methods import write_methods
from reports.sections.network import write_network
from reports.sections.overview import is_simulated, write_overview
from reports.sections.published import write_published
from reports.sections.publishers import write_publishers
from reports.sections.recall import write_recall
from reports.sections.shares import write_shares
from reports.sections.staying import write_staying
from reports.sections.truth import write_truth
from reports.sections.waves import write_waves
from reports.words.printer import Printer


def compose_document(results: Results, printer: Printer, figures: Mapping[str, DrawnFigure]) -> Document:
    """
    Compose the whole report.

    Parameters
    ----------
    results : Results
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.
    figures : mapping of str to DrawnFigure
        Those drawn in the same language, by name.

    Returns
    -------
    Document
        Ready to be set as PDF or HTML.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> compose_document(example_results(), open_printer("fr"), {}).title
    'Twitter en France, 2007-2013'
    """
    about = results.study.study
    return Document(
        language=printer.language,
        title=printer.label(about.title),
        subtitle="" if about.subtitle is None else printer.label(about.subtitle),
        author=about.author,
        date=about.as_of,
        notice=printer.say("Survey microdata and usage log are simulated; published figures are real.")
        if is_simulated(results)
        else "",
        blocks=(
            *write_overview(results, printer),
            *write_answers(results, printer),
            *write_adoption(results, printer, figures),
            *write_shares(results, printer),
            *(write_crosstabs(results, printer, results.tables) if results.tables else []),
            *_why_not(results, printer, "changes"),
            *([] if results.changes is None else write_waves(results, results.changes, printer, figures)),
            *_why_not(results, printer, "adoption"),
            *write_joint(results, printer, figures),
            *_why_not(results, printer, "staying"),
            *write_staying(results, printer, figures),
            *_why_not(results, printer, "recalls"),
            *write_recall(results, printer, figures),
            *_why_not(results, printer, "calibration"),
            *write_calibration(results, printer, figures),
            *_why_not(results, printer, "network"),
            *write_network(results, printer, figures),
            *_why_not(results, printer, "diffusion"),
            *write_diffusion(results, printer, figures),
            *write_published(results, printer, figures),
            *write_publishers(results, printer, figures),
            *write_claims(results, printer, figures),
            *write_truth(results, printer),
            *write_methods(results, printer),
            *([] if results.disclosure is None else write_disclosure(results.study, results.disclosure, printer)),
        ),
    )


def _why_not(results: Results, printer: Printer, part: str) -> list[Block]:
    """Say in the place of a chapter why these data do not give it."""
    if part not in results.absent:
        return []
    title = {
        "changes": printer.say("From wave to wave"),
        "adoption": printer.say("From hearing to staying"),
        "staying": printer.say("Staying"),
        "recalls": printer.say("Leaving, as people recall it"),
        "calibration": printer.say("What the log adds to the survey"),
        "network": printer.say("Who writes, who answers, whom they follow"),
        "diffusion": printer.say("How far it can go"),
    }[part]
    said = printer.say("This chapter cannot be had: {reason}.", reason=printer.note(results.absent[part].reason))
    return [Heading(level=1, text=title, anchor=f"no-{part}"), Paragraph.of(said)]
