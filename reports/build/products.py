"""What a report is put together from: figures, chapters and tables, each a result of the study's graph."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reports.build.manifest import Described
from reports.document.blocks import Block, Document
from reports.figures.drawn import DrawnFigure, FigureWords, words_of
from reports.figures.registry import FIGURES
from reports.look.theme import figure_to_svg
from reports.results.graph import Graph
from reports.results.store import open_store
from reports.results.study import StudyResults
from reports.sections.names import CHAPTER_NAMES
from reports.words.ledger import Ledger, PrintedNumber
from reports.words.printer import Printer
from surveys.study.fields import Language
from surveys.study.schema import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A chapter composed: its blocks, figures as outlines, and the numbers that it prints."""

    blocks: tuple[Block, ...]
    numbers: tuple[PrintedNumber, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of a figure, and the numbers that they print."""

    words: FigureWords
    numbers: tuple[PrintedNumber, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawing:
    """A figure as it was drawn, and the numbers that it prints."""

    drawn: DrawnFigure
    numbers: tuple[PrintedNumber, ...]


class Products:
    """
    Everything that the files of a report hold, made when it is asked for and kept as long as its inputs stand.

    Parameters
    ----------
    results : StudyResults
        The study's results.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> products = Products(example_results())
    >>> products.chapter("claims", "en").blocks[0].text
    'Sentences of the press'
    """

    def __init__(self, results: StudyResults) -> None:
        self.results = results
        self.graph: Graph = results.graph
        self.graph.find = self.find

    def find(self, name: str) -> None:
        """Ask for a product or a result by its name in the graph."""
        match name.split(":"):
            case ["drawn", figure, language]:
                self._drawn(figure, language)
            case ["words", figure, language]:
                self.words(figure, language)
            case ["svg", figure, language]:
                self.svg(figure, language)
            case ["chapter", chapter, language]:
                self.chapter(chapter, language)
            case ["front", language]:
                self._front(language)
            case ["files", "tables"]:
                self.tables()
            case ["files", "counts"]:
                self.counts()
            case _:
                self.results.find(name)

    def words(self, figure: str, language: Language) -> Words | None:
        """Give the words of a figure; None where the study has no data for it."""

        def say() -> Words | None:
            drawing = self._drawn(figure, language)
            return None if drawing is None else Words(words=words_of(drawing.drawn), numbers=drawing.numbers)

        return self.graph.value(f"words:{figure}:{language}", say)

    def svg(self, figure: str, language: Language) -> str | None:
        """Give the drawing of a figure; None where the study has no data for it."""

        def save() -> str | None:
            drawing = self._drawn(figure, language)
            return None if drawing is None else figure_to_svg(drawing.drawn.figure)

        return self.graph.value(f"svg:{figure}:{language}", save)

    def figures(self, language: Language) -> tuple[str, ...]:
        """Name the figures that the study has data for."""
        return tuple(name for name in FIGURES if self.words(name, language) is not None)

    def chapter(self, name: str, language: Language) -> Chapter:
        """Give a chapter."""
        from reports.sections.compose import compose_chapter

        def compose() -> Chapter:
            ledger = Ledger()
            words = _WordsOfFigures(self, language)
            blocks = compose_chapter(name, self.results, Printer(language, ledger), words)
            return Chapter(blocks=tuple(blocks), numbers=tuple(ledger))

        return self.graph.value(f"chapter:{name}:{language}", compose)

    def document(self, language: Language, *, drawn: bool) -> Document:
        """Put the chapters together, with drawings or with outlines of figures."""
        from reports.sections.compose import assemble_document

        blocks = [block for name in CHAPTER_NAMES for block in self.chapter(name, language).blocks]
        svgs = {name: self.svg(name, language) for name in self.figures(language)} if drawn else {}
        drawings = {name: svg for name, svg in svgs.items() if svg is not None}
        return assemble_document(self.results, Printer(language, Ledger()), blocks, drawings)

    def document_key(self, language: Language) -> str:
        """Tell the document of a language, with its drawings, from all others."""
        digest = hashlib.sha256()
        for name in self._names(language):
            digest.update(f"{name} {self.graph.digest(name)}\n".encode())
        return digest.hexdigest()

    def numbers(self, language: Language) -> Iterator[tuple[str, tuple[PrintedNumber, ...]]]:
        """Go through the numbers printed in a language, by the product that prints them."""
        for figure in self.figures(language):
            words = self.words(figure, language)
            yield f"words:{figure}:{language}", () if words is None else words.numbers
        for name in CHAPTER_NAMES:
            yield f"chapter:{name}:{language}", self.chapter(name, language).numbers

    def tables(self) -> Mapping[str, str]:
        """Give the tables as CSV, by name."""
        from reports.build.tables import table_texts

        return self.graph.value("files:tables", lambda: table_texts(self.results))

    def counts(self) -> bytes | None:
        """Give the counted tenures as Parquet; None where the study has no usage."""

        def write() -> bytes | None:
            if self.results.staying is None:
                return None
            from churn.tenures.counts import write_counts

            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "tenures.parquet"
                write_counts(self.results.staying.counts, file)
                return file.read_bytes()

        return self.graph.value("files:counts", write)

    def make(self, language: Language) -> None:
        """Bring everything of a language up to date."""
        for name in FIGURES:
            self.words(name, language)
            self.svg(name, language)
        for name in CHAPTER_NAMES:
            self.chapter(name, language)
        self._front(language)

    def stale(self, language: Language) -> tuple[str, ...]:
        """Name what of a language, and of what all languages share, is to be made again."""
        names = [
            *self._names(language),
            *(f"words:{figure}:{language}" for figure in FIGURES),
            "files:tables",
            "files:counts",
        ]
        return tuple(name for name in names if self.graph.why_stale(name))

    def mostly_stale(self, languages: Sequence[Language]) -> bool:
        """Tell whether so much is to be made again that it is best to compute every result first."""
        return any(2 * len(self.stale(language)) > len(FIGURES) + len(CHAPTER_NAMES) for language in languages)

    def _front(self, language: Language) -> tuple[str, ...]:
        """Give what the title page says."""
        from reports.sections.compose import assemble_document

        def say() -> tuple[str, ...]:
            empty = assemble_document(self.results, Printer(language, Ledger()), [])
            return (empty.title, empty.subtitle, empty.author, str(empty.date), empty.notice)

        return self.graph.value(f"front:{language}", say)

    def _names(self, language: Language) -> Iterator[str]:
        """Name what a document is made of."""
        yield f"front:{language}"
        yield from (f"chapter:{name}:{language}" for name in CHAPTER_NAMES)
        yield from (f"svg:{figure}:{language}" for figure in FIGURES)

    def _drawn(self, figure: str, language: Language) -> Drawing | None:
        def draw() -> Drawing | None:
            ledger = Ledger()
            drawn = FIGURES[figure](self.results, Printer(language, ledger))
            return None if drawn is None else Drawing(drawn=drawn, numbers=tuple(ledger))

        return self.graph.value(f"drawn:{figure}:{language}", draw, kept=False)


def open_products(study: Study, described: Described, *, fresh: bool = False) -> Products:
    """
    Open what a report of a study is put together from.

    Parameters
    ----------
    study : Study
        The study.
    described : Described
        As `describe_build` gives it.
    fresh : bool
        Whether to use nothing that was kept.

    Returns
    -------
    Products

    Raises
    ------
    StudyError
        If the study has nothing to report on.

    Examples
    --------
    >>> from reports.build.manifest import describe_build
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> products = open_products(study, describe_build(study))
    """
    store = open_store(study.folder, described.made_by)
    if fresh and store is not None:
        store.clear()
    return Products(StudyResults(study, Graph(study, store)))


class _WordsOfFigures(Mapping[str, FigureWords]):
    """The words of the figures that there are, each looked up when it is asked for."""

    def __init__(self, products: Products, language: Language) -> None:
        self._products, self._language = products, language

    def __getitem__(self, name: str) -> FigureWords:
        found = self._products.words(name, self._language) if name in FIGURES else None
        if found is None:
            raise KeyError(name)
        return found.words

    def __iter__(self) -> Iterator[str]:
        return iter(self._products.figures(self._language))

    def __len__(self) -> int:
        return len(self._products.figures(self._language))
