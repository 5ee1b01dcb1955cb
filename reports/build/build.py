"""Building a report: whatever no longer stands is made anew beside the last good report, and swapped in when whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reports.build.manifest import Described, describe_build, is_current, read_settings, write_manifest
from reports.build.staging import recover, staged_folder
from reports.results.progress import ProgressStyle, open_progress
from surveys.core.errors import SpecError, did_you_mean
from surveys.languages.rules import language_codes
from surveys.study.fields import Language
from surveys.study.file import read_study
from surveys.study.schema import Study

if TYPE_CHECKING:
    from reports.build.products import Products

DOCUMENTS = ("pdf", "html")
FIGURE_FORMATS = ("svg", "pdf", "png")


@dataclass(frozen=True, slots=True)
class Build:
    """
    What a build left behind.

    Attributes
    ----------
    folder : Path
        The report.
    documents : tuple of Path
        Its documents: HTML first, the PDF of the first language last.
    changed : bool
        False where the report was current already.
    removed : tuple of str
        Documents of the earlier report that were not asked for and no longer stand.
    """

    folder: Path
    documents: tuple[Path, ...]
    changed: bool
    removed: tuple[str, ...] = ()


def build_report(
    study_folder: Path,
    target: Path,
    *,
    languages: Sequence[str] | None = None,
    formats: Sequence[str] | None = None,
    style: ProgressStyle = "quiet",
    rebuild: Literal["when changed", "always"] = "when changed",
    processes: int = 1,
) -> Build:
    """
    Build the report of a study.

    Parameters
    ----------
    study_folder : Path
        Where `study.toml` lies.
    target : Path
        Folder of the report; an earlier report there is replaced once the new one is whole.
    languages : sequence of {"fr", "en"}, optional
        Those of the study without it.
    formats : sequence of {"pdf", "html"}, optional
        Both without it.
    style : {"auto", "json", "quiet"}
        How progress is told.
    rebuild : {"when changed", "always"}
        Whether to build where nothing changed, and to use nothing that was kept.
    processes : int
        How many languages to make at once.

    Returns
    -------
    Build
        Where the documents are.

    Raises
    ------
    StudyError
        If the study or its data cannot be used; the last good report stays.
    SpecError
        If a language or format is not known.

    Examples
    --------
    >>> import tempfile
    >>> from reports.examples import example_folder
    >>> folder = Path(tempfile.mkdtemp()) / "report"
    >>> build = build_report(example_folder("twitter_france"), folder, languages=["en"], formats=["html"])
    >>> [path.name for path in build.documents]
    ['report.en.html']
    """
    study = read_study(study_folder)
    chosen = _languages(study, languages)
    kinds = _known(formats or DOCUMENTS, DOCUMENTS, "format")
    described = describe_build(study)
    documents = [f"report.{language}.{kind}" for kind in reversed(kinds) for language in reversed(chosen)]
    recover(target)
    if rebuild == "when changed" and is_current(target, described, documents):
        return Build(target, tuple(target / name for name in documents), changed=False)
    removed = _build(study, target, described, (chosen, kinds), style, rebuild, processes)
    return Build(target, tuple(target / name for name in documents), changed=True, removed=removed)


def why_stale(
    study_folder: Path, target: Path, *, languages: Sequence[str] | None = None, formats: Sequence[str] | None = None
) -> list[str]:
    """
    Say what of a report would be made anew, and which of its inputs are others now; nothing is computed.

    Parameters
    ----------
    study_folder, target : Path
        As for `build_report`.
    languages, formats : sequence of str, optional
        As for `build_report`.

    Returns
    -------
    list of str
        A line each; empty where the report is current.

    Raises
    ------
    StudyError
        If the study cannot be read.

    Examples
    --------
    >>> from reports.examples import example_folder
    >>> why_stale(example_folder("twitter_france"), Path("no/such/report"))[0]
    'no/such/report: there is no report yet'
    """
    study = read_study(study_folder)
    chosen = _languages(study, languages)
    kinds = _known(formats or DOCUMENTS, DOCUMENTS, "format")
    described = describe_build(study)
    if is_current(target, described, [f"report.{language}.{kind}" for language in chosen for kind in kinds]):
        return []
    from reports.build.reasons import tell_reasons

    return tell_reasons(study, target, described, chosen)


def write_figures(
    study_folder: Path,
    target: Path,
    *,
    ids: Sequence[str],
    formats: Sequence[str] = FIGURE_FORMATS,
    languages: Sequence[str] | None = None,
) -> list[Path]:
    """
    Draw figures of a study into a folder, without the report.

    Parameters
    ----------
    study_folder : Path
        Where `study.toml` lies.
    target : Path
        Folder to write in; made where it does not exist.
    ids : sequence of str
        Which figures; all that the study has data for when empty.
    formats : sequence of {"svg", "pdf", "png"}
        File formats.
    languages : sequence of {"fr", "en"}, optional
        Those of the study without it.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    StudyError
        If the study or its data cannot be used.
    SpecError
        If a figure, language or format is not known.

    Examples
    --------
    >>> import tempfile
    >>> from reports.examples import example_folder
    >>> written = write_figures(example_folder("twitter_france"), Path(tempfile.mkdtemp()), ids=["survival"],
    ...                         formats=["svg"], languages=["fr"])
    >>> [path.name for path in written]
    ['survival.fr.svg', 'survival.csv']
    """
    kinds = tuple(_known(formats, FIGURE_FORMATS, "format"))
    study = read_study(study_folder)
    chosen = _languages(study, languages)
    from reports.build.files import write_figures_of
    from reports.build.products import open_products
    from reports.figures.registry import check_names

    check_names(ids)
    products = open_products(study, describe_build(study))
    written: list[Path] = []
    for language in chosen:
        written += write_figures_of(products, target, language, kinds, ids=tuple(ids))
    return list(dict.fromkeys(written))


def _build(
    study: Study,
    target: Path,
    described: Described,
    wanted: tuple[list[Language], list[str]],
    style: ProgressStyle,
    rebuild: str,
    processes: int,
) -> tuple[str, ...]:
    """Make what no longer stands, and say which documents that were not asked for are gone."""
    from reports.build.earlier import EarlierFiles
    from reports.build.files import N_STEPS_PER_LANGUAGE, write_language, write_shared
    from reports.build.products import open_products
    from reports.build.workers import Workers
    from reports.results.study import STEPS_OF_RECIPE, compute_all

    products = open_products(study, described, fresh=rebuild == "always")
    plan, removed = _plan(products, target, described, *wanted)
    steps = len(STEPS_OF_RECIPE) + 1 + N_STEPS_PER_LANGUAGE * len(plan)
    much = products.mostly_stale(wanted[0])
    with (
        open_progress(style, total=steps) as progress,
        staged_folder(target) as folder,
        Workers(study, target, folder, plan if much else {}, processes, described.made_by) as workers,
    ):
        if much:
            compute_all(products.results, progress)
        else:
            for step in STEPS_OF_RECIPE:
                progress.step(step)
        workers.begin()
        for language, kinds in plan.items():
            if not workers.made(language, progress):
                earlier = EarlierFiles(target, products.graph.store, language)
                write_language(products, folder, language, kinds, earlier, progress)
                earlier.keep()
        progress.step("tables and counts")
        write_shared(products, folder, list(plan))
        write_manifest(folder, described, plan)
    return removed


def _plan(
    products: Products, target: Path, described: Described, languages: list[Language], formats: list[str]
) -> tuple[dict[Language, list[str]], tuple[str, ...]]:
    """
    Decide which documents the report will hold: those asked for, and those of the earlier report that still stand.

    Returns
    -------
    plan : dict of language to list of str
        Formats by language.
    removed : tuple of str
        Documents of the earlier report that no longer stand and were not asked for.
    """
    earlier = read_settings(target)
    plan: dict[Language, list[str]] = {}
    removed = []
    for language in language_codes():
        asked = formats if language in languages else []
        others = [kind for kind in earlier.get(language, ()) if kind in DOCUMENTS and kind not in asked]
        stands = bool(others) and not products.stale(language)
        kept = [kind for kind in DOCUMENTS if kind in asked or (stands and kind in others)]
        removed += [f"report.{language}.{kind}" for kind in others if not stands]
        if kept:
            plan[language] = kept
    return plan, tuple(removed)


def _languages(study: Study, languages: Sequence[str] | None) -> list[Language]:
    chosen = _known(languages or study.study.language, language_codes(), "language")
    return [language for language in language_codes() if language in chosen]


def _known(wanted: Sequence[str], known: Sequence[str], what: str) -> list[str]:
    for name in wanted:
        if name not in known:
            raise SpecError.at(
                f"{what} '{name}'", "not known", did_you_mean(name, known, f"Choose from: {', '.join(known)}")
            )
    return [name for name in known if name in wanted]
