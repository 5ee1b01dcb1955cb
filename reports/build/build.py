"""Building a report: compute once, draw and set in each language, write whole, swap in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reports.build.manifest import describe_build, is_current, write_manifest
from reports.build.staging import recover, staged_folder
from reports.results.progress import Progress, ProgressStyle, open_progress
from surveys.core.errors import SpecError, did_you_mean
from surveys.study.fields import Language
from surveys.study.file import read_study
from surveys.study.schema import Study

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
    """

    folder: Path
    documents: tuple[Path, ...]
    changed: bool


def build_report(
    study_folder: Path,
    target: Path,
    *,
    languages: Sequence[str] | None = None,
    formats: Sequence[str] | None = None,
    style: ProgressStyle = "quiet",
    rebuild: Literal["when changed", "always"] = "when changed",
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
        Whether to build where nothing changed.

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
    description = describe_build(study, {"languages": chosen, "formats": kinds})
    documents = [f"report.{language}.{kind}" for kind in reversed(kinds) for language in reversed(chosen)]
    recover(target)
    changed = rebuild == "always" or not is_current(target, description)
    if changed:
        from reports.build.files import N_STEPS, N_STEPS_PER_LANGUAGE, write_report

        with (
            open_progress(style, total=N_STEPS + N_STEPS_PER_LANGUAGE * len(chosen)) as progress,
            staged_folder(target) as folder,
        ):
            write_report(study, folder, chosen, kinds, progress)
            write_manifest(folder, description)
    return Build(target, tuple(target / name for name in documents), changed)


def write_figures(
    study_folder: Path,
    target: Path,
    *,
    ids: Sequence[str],
    formats: Sequence[str] = FIGURE_FORMATS,
    languages: Sequence[str] | None = None,
    progress: Progress | None = None,
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
    progress : Progress, optional
        Told of each step.

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
    kinds = _known(formats, FIGURE_FORMATS, "format")
    study = read_study(study_folder)
    chosen = _languages(study, languages)
    from reports.build.files import write_some_figures

    if progress is None:
        with open_progress("quiet", total=1) as quiet:
            return write_some_figures(study, target, list(ids), kinds, chosen, quiet)
    return write_some_figures(study, target, list(ids), kinds, chosen, progress)


def _languages(study: Study, languages: Sequence[str] | None) -> list[Language]:
    chosen = _known(languages or study.study.language, ("fr", "en"), "language")
    return [language for language in ("fr", "en") if language in chosen] if len(chosen) > 1 else chosen  # type: ignore[return-value]


def _known(wanted: Sequence[str], known: Sequence[str], what: str) -> list[str]:
    for name in wanted:
        if name not in known:
            raise SpecError.at(
                f"{what} '{name}'", "not known", did_you_mean(name, known, f"Choose from: {', '.join(known)}")
            )
    return [name for name in known if name in wanted]
