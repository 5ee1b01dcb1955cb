"""Writing the files of a report into a folder."""

from __future__ import annotations

from pathlib import Path

from churn.tenures.counts import write_counts
from reports.build.tables import write_tables
from reports.document.html import render_html
from reports.document.pdf import render_pdf
from reports.figures import check_names, draw_figures
from reports.figures.drawn import DrawnFigure, drawn_svg
from reports.look.theme import figure_to_pdf, figure_to_png
from reports.results.progress import Progress
from reports.results.study import STEPS_OF_RECIPE, Results, compute_results
from reports.sections.compose import compose_document
from reports.words.ledger import Ledger
from reports.words.printer import Printer
from surveys.study.fields import Language
from surveys.study.file import STUDY_FILE
from surveys.study.schema import Crosstab, Study

N_STEPS = len(STEPS_OF_RECIPE) + 1
N_STEPS_PER_LANGUAGE = 3

SIMULATION = "simulated accounts, drawn from a fixed seed"
"""What stands in the place of a file behind numbers that come from no file."""


def write_report(study: Study, folder: Path, languages: list[Language], formats: list[str], progress: Progress) -> None:
    """
    Write every file of a report but its manifest.

    Parameters
    ----------
    study : Study
        What to report on.
    folder : Path
        An empty folder.
    languages : list of {"fr", "en"}
        One set of documents for each.
    formats : list of {"pdf", "html"}
        Documents to write.
    progress : Progress
        Told of `N_STEPS`, and `N_STEPS_PER_LANGUAGE` for each language.

    Examples
    --------
    >>> import tempfile
    >>> from reports.examples import open_example
    >>> from reports.results.progress import open_progress
    >>> folder = Path(tempfile.mkdtemp())
    >>> with open_progress("quiet", total=7) as progress:
    ...     write_report(open_example("twitter_france"), folder, ["en"], ["html"], progress)
    >>> (folder / "results.json").is_file()
    True
    """
    results = compute_results(study, progress)
    ledger = Ledger()
    (folder / "figures").mkdir()
    for language in languages:
        _write_language(results, folder, Printer(language, ledger), formats, progress)
    progress.step("tables and counts")
    write_tables(results, folder / "tables")
    if results.staying is not None:
        (folder / "counts").mkdir()
        write_counts(results.staying.counts, folder / "counts" / "tenures.parquet")
    (folder / "results.json").write_text(ledger.to_json(inputs_of_numbers(study)), encoding="utf-8")


def write_some_figures(
    study: Study, folder: Path, ids: list[str], formats: list[str], languages: list[Language], progress: Progress
) -> list[Path]:
    """
    Write some figures of a study.

    Parameters
    ----------
    study : Study
        What to draw from.
    folder : Path
        Where to write; made where it does not exist.
    ids : list of str
        Which figures; all when empty.
    formats : list of {"svg", "pdf", "png"}
        File formats.
    languages : list of {"fr", "en"}
        One file for each.
    progress : Progress
        Told of each step.

    Returns
    -------
    list of Path
        The files written, each once.

    Examples
    --------
    >>> import tempfile
    >>> from reports.examples import open_example
    >>> from reports.results.progress import open_progress
    >>> with open_progress("quiet", total=1) as progress:
    ...     files = write_some_figures(open_example("twitter_france"), Path(tempfile.mkdtemp()), ["funnel"], ["svg"],
    ...                                ["en"], progress)
    >>> [file.name for file in files]
    ['funnel.en.svg', 'funnel.csv']
    """
    check_names(ids)
    results = Results(study) if ids else compute_results(study, progress)
    folder.mkdir(parents=True, exist_ok=True)
    written = [
        file
        for language in languages
        for drawn in draw_figures(results, Printer(language, Ledger()), ids or None).values()
        for file in _write_figure(drawn, folder, language, formats)
    ]
    return list(dict.fromkeys(written))


OF_BOTH = ("joint", "calibration")
"""Numbers that rest on one survey and the usage."""


def inputs_of_numbers(study: Study) -> dict[str, list[str]]:
    """
    Tell which files stand behind which printed numbers.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict of str to list of str
        Files by the beginning of the names that numbers have in the ledger.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> inputs_of_numbers(open_example("twitter_france"))["funnel.2012-10"]
    ['surveys/2012-10.csv']
    """
    usage = [] if study.usage is None else [study.usage.source]
    published = [] if study.published is None else [study.published.file]
    truth = [] if study.truth is None else [study.truth.file]
    surveys = [survey.file for survey in study.survey]
    of_one_survey = ("funnel", "share", "recall", "disclosure")
    inputs = {f"{kind}.{survey.wave}": [survey.file] for survey in study.survey for kind in of_one_survey}
    inputs |= {f"{kind}.{survey.wave}": [survey.file, *usage] for survey in study.survey for kind in OF_BOTH}
    inputs |= {"calibration": [*surveys, *usage]}
    inputs |= dict.fromkeys(("change", "trend", "disclosure", "gap"), surveys)
    inputs |= {f"table.{table.id}": surveys_of(table, study) for table in study.table}
    usage_ids = (
        *("survival", "risk", "dropout", "returned", "cohorts", "lifecycle", "definitions", "gaps", "unseen"),
        *("causes", "bygroup", "projection", "silence", "visit"),
    )
    inputs |= dict.fromkeys(usage_ids, usage) | {"rules": [SIMULATION]}
    following = [] if study.usage is None or study.usage.following is None else [study.usage.following.file]
    inputs |= {kind: [*usage, *following] for kind in ("network", "following")}
    inputs |= {kind: [*surveys, *usage] for kind in ("why", "people", "difference")}
    inputs |= {f"people.{survey.wave}": [survey.file, *usage, STUDY_FILE] for survey in study.survey}
    inputs |= {
        f"published.funnel.{each.id}": [*published, *(usage if each.stayed == "usage" else [])]
        for each in (() if study.published is None else study.published.funnel)
    }
    inputs |= {"publishers": published, "diffusion": published or surveys, "ceiling": [*published, *usage]}
    inputs |= dict.fromkeys(("published", "claim", "steady"), published) | {"truth": truth, "population": [STUDY_FILE]}
    return inputs


def surveys_of(table: Crosstab, study: Study) -> list[str]:
    """
    Tell which survey a banner table is made from.

    Parameters
    ----------
    table : Crosstab
        Names a wave, or means the last one.
    study : Study
        Where its surveys are.

    Returns
    -------
    list of str
        Its file.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> surveys_of(study.table[0], study)
    ['surveys/2013-10.zsav']
    """
    named = [survey.file for survey in study.survey if table.wave in (None, "", survey.wave)]
    return named[-1:]


def _write_language(results: Results, folder: Path, printer: Printer, formats: list[str], progress: Progress) -> None:
    language = printer.language
    progress.step(f"figures ({language})")
    figures = draw_figures(results, printer)
    for drawn in figures.values():
        _write_figure(drawn, folder / "figures", language, ["svg", "pdf", "png"])
    progress.step(f"document ({language})")
    document = compose_document(results, printer, figures)
    progress.step(f"{' and '.join(kind.upper() for kind in formats)} ({language})")
    if "pdf" in formats:
        (folder / f"report.{language}.pdf").write_bytes(render_pdf(document))
    if "html" in formats:
        (folder / f"report.{language}.html").write_text(render_html(document), encoding="utf-8")


def _write_figure(drawn: DrawnFigure, folder: Path, language: str, formats: list[str]) -> list[Path]:
    written = []
    for kind in formats:
        file = folder / f"{drawn.id}.{language}.{kind}"
        match kind:
            case "svg":
                file.write_text(drawn_svg(drawn), encoding="utf-8")
            case "pdf":
                file.write_bytes(figure_to_pdf(drawn.figure))
            case _:
                file.write_bytes(figure_to_png(drawn.figure))
        written.append(file)
    data = folder / f"{drawn.id}.csv"
    drawn.data.to_csv(data, index=False, lineterminator="\n")
    return [*written, data]
