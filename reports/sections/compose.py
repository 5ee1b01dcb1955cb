"""The chapters of a report in their order, and the document that they make, in one language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from reports.document.blocks import Block, Document, Figure, Heading, Paragraph
from reports.figures.drawn import FigureWords
from reports.figures.registry import closing_figures
from reports.results.study import StudyResults
from reports.sections.adoption import write_adoption
from reports.sections.answers import write_answers
from reports.sections.calibration import write_calibration
from reports.sections.claims import write_claims
from reports.sections.crosstabs import write_crosstabs
from reports.sections.diffusion import write_diffusion
from reports.sections.disclosure import write_disclosure
from reports.sections.figure_block import figure_block
from reports.sections.joint import write_joint
from reports.sections.methods import write_methods
from reports.sections.names import CHAPTER_NAMES
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

Figures = Mapping[str, FigureWords]
Write = Callable[[StudyResults, Printer, Figures], list[Block]]


def _write_crosstabs(results: StudyResults, printer: Printer, figures: Figures) -> list[Block]:
    return write_crosstabs(results, printer, results.tables) if results.tables else []


def _write_waves(results: StudyResults, printer: Printer, figures: Figures) -> list[Block]:
    return [] if results.changes is None else write_waves(results, results.changes, printer, figures)


def _write_disclosure(results: StudyResults, printer: Printer, figures: Figures) -> list[Block]:
    return [] if results.disclosure is None else write_disclosure(results.study, results.disclosure, printer)


CHAPTERS: Mapping[str, Write] = {
    "overview": lambda results, printer, figures: write_overview(results, printer),
    "answers": lambda results, printer, figures: write_answers(results, printer),
    "steps": write_adoption,
    "shares": lambda results, printer, figures: write_shares(results, printer),
    "tables": _write_crosstabs,
    "changes": _write_waves,
    "adoption": write_joint,
    "staying": write_staying,
    "recalls": write_recall,
    "calibration": write_calibration,
    "network": write_network,
    "diffusion": write_diffusion,
    "published": write_published,
    "publishers": write_publishers,
    "claims": write_claims,
    "truth": lambda results, printer, figures: write_truth(results, printer),
    "methods": lambda results, printer, figures: write_methods(results, printer),
    "disclosure": _write_disclosure,
}
"""What writes each of `CHAPTER_NAMES`."""


def compose_chapter(name: str, results: StudyResults, printer: Printer, figures: Figures) -> list[Block]:
    """
    Compose one chapter.

    Parameters
    ----------
    name : str
        One of `CHAPTER_NAMES`.
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.
    figures : mapping of str to FigureWords
        Those of the same language, by name.

    Returns
    -------
    list of Block
        Empty where the study has nothing for it. Figures are outlines.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> compose_chapter("claims", example_results(), open_printer("en"), {})[0].anchor
    'claims'
    """
    blocks = [*_why_not(results, printer, name), *CHAPTERS[name](results, printer, figures)]
    return [*blocks, *(figure_block(figures[added]) for added in closing_figures(name) if added in figures)]


def assemble_document(
    results: StudyResults, printer: Printer, blocks: Iterable[Block], drawings: Mapping[str, str] | None = None
) -> Document:
    """
    Make a document of chapters.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language.
    blocks : iterable of Block
        Of all chapters.
    drawings : mapping of str to str, optional
        SVG by the name of a figure; figures without one keep their outlines.

    Returns
    -------
    Document
        Ready to be set as PDF or HTML.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> assemble_document(example_results(), open_printer("fr"), []).title
    'Twitter en France, 2007-2013'
    """
    about = results.study.study
    known = {f"fig-{name}": svg for name, svg in (drawings or {}).items()}
    return Document(
        language=printer.language,
        title=printer.label(about.title),
        subtitle="" if about.subtitle is None else printer.label(about.subtitle),
        author=about.author,
        date=about.as_of,
        notice=printer.say("Survey microdata and usage log are simulated; published figures are real.")
        if is_simulated(results)
        else "",
        blocks=tuple(
            replace(block, svg=known[block.anchor]) if isinstance(block, Figure) and block.anchor in known else block
            for block in blocks
        ),
    )


def compose_document(results: StudyResults, printer: Printer, figures: Figures) -> Document:
    """
    Compose the whole report, its figures as outlines.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.
    figures : mapping of str to FigureWords
        Those of the same language, by name.

    Returns
    -------
    Document
        Whatever keeps the report from being set has been found.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> compose_document(example_results(), open_printer("fr"), {}).title
    'Twitter en France, 2007-2013'
    """
    chapters = (compose_chapter(name, results, printer, figures) for name in CHAPTER_NAMES)
    return assemble_document(results, printer, [block for chapter in chapters for block in chapter])


def _why_not(results: StudyResults, printer: Printer, part: str) -> list[Block]:
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
