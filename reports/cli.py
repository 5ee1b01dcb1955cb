"""The command `churn`: start a study, check it, build its report, draw one figure."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from surveys.core.errors import Problem

DONE, PROBLEMS = 0, 1
EXAMPLE = "twitter_france"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

StudyArgument = Annotated[
    Path | None, typer.Argument(metavar="STUDY", help="Folder of the study. Without one: the bundled example.")
]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where to write.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object per line, for machines.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def _say_version(wanted: bool) -> None:
    if wanted:
        import churn

        typer.echo(f"churn {churn.__version__}")
        raise typer.Exit(DONE)


@app.callback()
def face(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """From hearing of a service to leaving it: account adoption and churn, from surveys and usage logs."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New folder.")],
    example: Annotated[str | None, typer.Option(metavar="NAME", help="Copy this bundled example.")] = None,
    debug: DebugOption = False,
) -> None:
    """Start a study: a commented study.toml, or a copy of a bundled example."""
    from reports.examples import start_study

    with _told_in_one_line(debug=debug, as_json=False):
        typer.echo(start_study(folder, example=example))


@app.command()
def check(
    study: StudyArgument = None,
    claims: Annotated[
        bool, typer.Option("--claims", help="Show how each claim was read, what was inferred, and its verdict.")
    ] = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check a study and its data; list every problem at once."""
    from reports.build.check import check_study
    from reports.build.claims_read import tell_claims
    from reports.results.progress import open_progress

    with _told_in_one_line(debug=debug, as_json=as_json):
        if claims:
            told = tell_claims(_study_folder(study))
            typer.echo(json.dumps({"claims": told}) if as_json else "\n".join(told) or "no claims")
            return
        problems, warnings = check_study(_study_folder(study))
        with open_progress("json" if as_json else "auto", total=1) as progress:
            for warning in warnings:
                progress.warn(warning)
        _tell(problems, as_json=as_json)
        if problems:
            raise typer.Exit(PROBLEMS)
        typer.echo(json.dumps({"problems": 0}) if as_json else "no problems")


@app.command()
def build(
    study: StudyArgument = None,
    lang: Annotated[list[str] | None, typer.Option(metavar="fr|en", help="Only these languages.")] = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", metavar="pdf|html", help="Only these documents.")
    ] = None,
    out: OutOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Build even where nothing changed, from nothing that was kept.")
    ] = False,
    why: Annotated[
        bool, typer.Option("--why", help="Say what would be made anew and which input changed; build nothing.")
    ] = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Build the report of a study: PDF, HTML, figures, tables and every number behind them."""
    from reports.build.build import build_report, why_stale

    with _told_in_one_line(debug=debug, as_json=as_json):
        folder = _study_folder(study)
        target = _report_folder(study, out)
        if why:
            reasons = why_stale(folder, target, languages=lang, formats=formats)
            typer.echo(json.dumps({"stale": reasons}) if as_json else "\n".join(reasons) or "nothing changed")
            return
        built = build_report(
            folder,
            target,
            languages=lang,
            formats=formats,
            style="json" if as_json else "auto",
            rebuild="always" if force else "when changed",
            processes=os.cpu_count() or 1,
        )
        for name in built.removed:
            typer.echo(f"{name} was of an earlier state of the study and is removed; build it with --lang", err=True)
        paths = [str(path) for path in built.documents]
        typer.echo(json.dumps({"changed": built.changed, "documents": paths}) if as_json else "\n".join(paths))


@app.command()
def watch(
    study: StudyArgument = None,
    lang: Annotated[list[str] | None, typer.Option(metavar="fr|en", help="Only these languages.")] = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", metavar="pdf|html", help="Only these documents.")
    ] = None,
    out: OutOption = None,
) -> None:
    """Build the report again whenever the study or its data change, until interrupted."""
    from reports.build.watch import watch_study

    with _told_in_one_line(debug=False, as_json=False):
        watch_study(_study_folder(study), _report_folder(study, out), languages=lang, formats=formats)


@app.command()
def figures(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="Folder of the study; - for the bundled example.")],
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Which figures; all without one.")] = None,
    formats: Annotated[str, typer.Option("--format", metavar="svg,pdf,png", help="File formats.")] = "svg,pdf,png",
    lang: Annotated[list[str] | None, typer.Option(metavar="fr|en", help="Only these languages.")] = None,
    out: OutOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Draw the figures of a study, or some of them, without the report."""
    from reports.build.build import write_figures

    with _told_in_one_line(debug=debug, as_json=as_json):
        example = str(study) == "-"
        folder = _study_folder(None if example else study)
        target = out or (Path(f"figures-{EXAMPLE}") if example else folder / "figures")
        written = write_figures(folder, target, ids=ids or [], formats=formats.split(","), languages=lang)
        typer.echo(json.dumps([str(path) for path in written]) if as_json else "\n".join(map(str, written)))


def main() -> None:
    """Run the command."""
    if hasattr(sys.stdout, "reconfigure"):
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(PROBLEMS) from None


def _report_folder(study: Path | None, out: Path | None) -> Path:
    return out or (_study_folder(study) / "report" if study is not None else Path(f"report-{EXAMPLE}"))


def _study_folder(study: Path | None) -> Path:
    if study is not None:
        return study.parent if study.suffix == ".toml" else study
    from reports.examples import example_folder

    return example_folder(EXAMPLE)


@contextmanager
def _told_in_one_line(*, debug: bool, as_json: bool) -> Iterator[None]:
    """Turn problems into lines on standard error and exit status 1."""
    from surveys.core.errors import Problem, ProblemError

    try:
        yield
    except typer.Exit:
        raise
    except Exception as error:
        if debug:
            raise
        match error:
            case ProblemError():
                problems = list(error.problems)
            case OSError():
                problems = [Problem(str(error.filename or "churn"), str(error.strerror), "Check the path")]
            case _:
                what = f"unexpected {type(error).__name__}: {error}"
                problems = [Problem("churn", what, "Run again with --debug and report what it prints")]
        _tell(problems, as_json=as_json)
        raise typer.Exit(PROBLEMS) from None


def _tell(problems: Sequence[Problem], *, as_json: bool) -> None:
    for problem in problems:
        fields = {"place": problem.place, "what": problem.what, "mend": problem.mend}
        typer.echo(json.dumps(fields, ensure_ascii=False) if as_json else str(problem), err=True)


if __name__ == "__main__":
    main()
