"""Writing the files of a report into a folder; what an earlier report holds already is taken from there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from reports.build.earlier import EarlierFiles
from reports.build.products import Products
from reports.build.sources import files_behind
from reports.document.drawing import drawing_to_pdf, drawing_to_png
from reports.document.html import render_html
from reports.document.pdf import render_pdf
from reports.results.progress import Progress
from reports.words.ledger import Ledger
from surveys.core.errors import Problem, SpecError
from surveys.study.fields import Language

FIGURE_FORMATS = ("svg", "pdf", "png")
N_STEPS_PER_LANGUAGE = 3


def write_language(
    products: Products, folder: Path, language: Language, formats: list[str], earlier: EarlierFiles, progress: Progress
) -> None:
    """
    Write the figures and documents of one language.

    Parameters
    ----------
    products : Products
        Of the study.
    folder : Path
        Of the report.
    language : {"fr", "en"}
        The language.
    formats : list of {"pdf", "html"}
        Documents to write.
    earlier : EarlierFiles
        What an earlier report holds.
    progress : Progress
        Told of `N_STEPS_PER_LANGUAGE`.

    Examples
    --------
    >>> import tempfile
    >>> from reports.figures import example_results
    >>> from reports.results.progress import open_progress
    >>> folder = Path(tempfile.mkdtemp())
    >>> with open_progress("quiet", total=3) as progress:
    ...     write_language(Products(example_results()), folder, "en", ["html"], EarlierFiles(folder), progress)
    >>> (folder / "report.en.html").is_file()
    True
    """
    progress.step(f"figures ({language})")
    write_figures_of(products, folder / "figures", language, FIGURE_FORMATS, earlier)
    progress.step(f"document ({language})")
    wanted = {f"report.{language}.{kind}": kind for kind in formats}
    key = products.document_key(language)
    waiting = {name: kind for name, kind in wanted.items() if not earlier.give(name, key, folder / name)}
    progress.step(f"{' and '.join(kind.upper() for kind in formats)} ({language})")
    if waiting:
        document = products.document(language, drawn=True)
        render: dict[str, Callable[[], bytes]] = {
            "pdf": lambda: render_pdf(document),
            "html": lambda: render_html(document).encode(),
        }
        for name, kind in waiting.items():
            content = render[kind]()
            (folder / name).write_bytes(content)
            earlier.took(name, key, content)


def write_figures_of(
    products: Products,
    folder: Path,
    language: Language,
    formats: tuple[str, ...],
    earlier: EarlierFiles | None = None,
    ids: tuple[str, ...] = (),
) -> list[Path]:
    """
    Write figures of one language, each drawn once.

    Parameters
    ----------
    products : Products
        Of the study.
    folder : Path
        Where to write; made where it does not exist.
    language : {"fr", "en"}
        The language.
    formats : tuple of {"svg", "pdf", "png"}
        File formats.
    earlier : EarlierFiles, optional
        What an earlier report holds.
    ids : tuple of str
        Which figures; all that the study has data for when empty.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    SpecError
        If the study has no data for a figure that is asked for by name.

    Examples
    --------
    >>> import tempfile
    >>> from reports.figures import example_results
    >>> folder = Path(tempfile.mkdtemp())
    >>> written = write_figures_of(Products(example_results()), folder, "en", ("svg",), ids=("funnel",))
    >>> [file.name for file in written]
    ['funnel.en.svg', 'funnel.csv']
    """
    absent = [name for name in ids if products.words(name, language) is None]
    if absent:
        raise SpecError(
            *(Problem(f"figure '{name}'", "the study has no data for it", "Leave it out") for name in absent)
        )
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in ids or products.figures(language):
        for kind in formats:
            file = folder / f"{name}.{language}.{kind}"
            _write_drawing(products.svg(name, language) or "", file, kind, earlier)
            written.append(file)
        words = products.words(name, language)
        data = folder / f"{name}.csv"
        data.write_text("" if words is None else words.words.data, encoding="utf-8", newline="")
        written.append(data)
    return written


def write_shared(products: Products, folder: Path, languages: list[Language]) -> None:
    """
    Write what no language has of its own: tables, counts, and the ledger.

    Parameters
    ----------
    products : Products
        Of the study.
    folder : Path
        Of the report.
    languages : list of {"fr", "en"}
        Those of the report.

    Examples
    --------
    >>> import tempfile
    >>> from reports.figures import example_results
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_shared(Products(example_results()), folder, ["en"])
    >>> sorted(file.name for file in folder.iterdir())
    ['counts', 'results.json', 'tables']
    """
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for name, text in products.tables().items():
        (folder / "tables" / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
    counts = products.counts()
    if counts is not None:
        (folder / "counts").mkdir(exist_ok=True)
        (folder / "counts" / "tenures.parquet").write_bytes(counts)
    printed = [each for language in languages for each in products.numbers(language)]
    ledger = Ledger()
    for _, numbers in printed:
        ledger.enter(numbers)
    (folder / "results.json").write_text(ledger.to_json(files_behind(products.graph, printed)), encoding="utf-8")


def _write_drawing(svg: str, file: Path, kind: str, earlier: EarlierFiles | None) -> None:
    if kind == "svg":
        file.write_text(svg, encoding="utf-8")
        return
    name = f"figures/{file.name}"
    key = hashlib.sha256(svg.encode()).hexdigest()
    if earlier is not None and earlier.give(name, key, file):
        return
    content = drawing_to_pdf(svg) if kind == "pdf" else drawing_to_png(svg)
    file.write_bytes(content)
    if earlier is not None:
        earlier.took(name, key, content)
