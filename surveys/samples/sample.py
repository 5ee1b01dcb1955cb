"""One wave of a survey: its respondents, what they answered, and how they were drawn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, Problem, SpecError, StudyError, did_you_mean
from surveys.core.reads import shared
from surveys.core.results import Note
from surveys.data.answers import as_answer, decode, was_asked
from surveys.data.codebook import Codebook
from surveys.data.groups import Levels, classify
from surveys.data.microdata import Microdata
from surveys.data.read import read_microdata
from surveys.data.respondents import expand_rows, select_respondents
from surveys.design.design import Design
from surveys.design.replicates import Centre, ReplicateDesign, bootstrap, jackknife
from surveys.design.rows import Rows, listed, quoted, shortened, some
from surveys.study.fields import Answer, Language
from surveys.study.schema import Recall, Study, Survey
from surveys.weighting.from_study import build_recipe

Part = Literal["platform", "base", "share", "group"]

PERSONAL = ("e-mail", "email", "courriel", "mail", "telephone", "téléphone", "phone", "ip", "ip_address", "adresse_ip")
UNEVEN = 0.5
FEW_ROWS, SEVERAL = 200, 2.0
PERHAPS_COUNTS = (
    "the weights in '{weight}' are whole numbers, and no two of the {n} rows are alike: "
    "if each row stands for so many people, the column belongs to the key frequency"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """
    The respondents of one wave.

    Attributes
    ----------
    spec : Survey
        What the study file says about the wave.
    frame : DataFrame
        One row per respondent, codes as stored.
    codebook : Codebook
        What the data file says about its items.
    design : Design
        Weights, strata and clusters.
    notes : tuple of Note
        Caveats about the file, its weights and its codes.
    place : str
        Name of the file, for messages.
    lines : ndarray of int, shape (n_rows,)
        What each row is called in messages.
    language : {"fr", "en"}
        Of the names of levels.
    about : tuple of Note
        Those of the caveats that are about the file and its weights.
    remarks : mapping of str to tuple of Note
        Those about codes, by what they are of: `platform.NAME`, `base.NAME`, `share.NAME`, `group.NAME`.
    """

    spec: Survey
    frame: pd.DataFrame
    codebook: Codebook
    design: Design
    notes: tuple[Note, ...]
    place: str
    lines: NDArray[np.intp]
    language: Language = "en"
    about: tuple[Note, ...] = ()
    remarks: Mapping[str, tuple[Note, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def __len__(self) -> int:
        return len(self.frame)

    def indicator(self, answer: Answer | Recall) -> Floats:
        """
        Decode an item into yes, no and no answer.

        Parameters
        ----------
        answer : Answer or Recall
            What the codes mean; of a recall question, yes is to have left.

        Returns
        -------
        ndarray of float, shape (n_rows,)
            1 for yes, 0 for no, NaN for no answer.

        Raises
        ------
        StudyError
            If the column does not exist or is empty; if cells are blank and `not_asked` does not say
            what that means; if codes occur that neither the codebook nor the study explains.
        """
        indicator, problems, _ = self._decode(answer)
        if problems:
            raise StudyError(*problems)
        return indicator

    def asked(self, answer: Answer | Recall) -> NDArray[np.bool_]:
        """
        Tell who was asked a question, as `surveys.data.answers.was_asked`.

        Parameters
        ----------
        answer : Answer or Recall
            What the codes mean.

        Returns
        -------
        ndarray of bool, shape (n_rows,)
        """
        question = as_answer(answer)
        return was_asked(self.frame[question.item].to_numpy(), question, self.codebook[question.item])

    def levels(self, group: str) -> NDArray[np.object_]:
        """
        Give the level of each respondent in a group.

        Parameters
        ----------
        group : str
            Name of a `[survey.group.NAME]`.

        Returns
        -------
        ndarray of str or None, shape (n_rows,)
            None for those in no level: blank, missing, or below the first band.

        Raises
        ------
        StudyError
            If the column does not exist, or holds codes that have no level.
        SpecError
            If the survey has no such group.
        """
        return self.grouping(group).labels()

    def grouping(self, group: str) -> Levels:
        """
        Give the levels of a group in their order, with the position of each respondent's.

        Parameters
        ----------
        group : str
            Name of a `[survey.group.NAME]`.

        Returns
        -------
        Levels

        Raises
        ------
        StudyError, SpecError
            As `levels`.
        """
        if group not in self.spec.group:
            raise _unknown("group", group, list(self.spec.group))
        levels, problems, _ = self._classify(group)
        if problems:
            raise StudyError(*problems)
        return levels

    def base(self, name: str | None) -> NDArray[np.bool_]:
        """
        Tell who belongs to a base.

        Parameters
        ----------
        name : str or None
            Name of a `[survey.base.NAME]`; None for everybody.

        Returns
        -------
        ndarray of bool, shape (n_rows,)
            True for those for whom any of the base's answers is yes.

        Raises
        ------
        StudyError
            As `indicator`.
        SpecError
            If the survey has no such base.
        """
        if name is None:
            return np.ones(len(self), bool)
        if name not in self.spec.base:
            raise _unknown("base", name, list(self.spec.base))
        inside = np.zeros(len(self), bool)
        for answer in self.spec.base[name].any:
            inside |= self.indicator(answer) == 1
        return inside

    def told_of(self, part: Part, *names: str) -> tuple[Note, ...]:
        """
        Give what has to be said of the codes behind some parts of the study.

        Parameters
        ----------
        part : {"platform", "base", "share", "group"}
            A kind of part.
        *names : str
            Which ones; all of the survey without a name.

        Returns
        -------
        tuple of Note
            Each once.
        """
        wanted = [f"{part}.{name}" for name in names] or [key for key in self.remarks if key.startswith(f"{part}.")]
        return _once(note for key in wanted for note in self.remarks.get(key, ()))

    def _decode(self, answer: Answer | Recall) -> tuple[Floats, list[Problem], list[Note]]:
        asked = as_answer(answer)
        missing = Rows(self.frame, self.place, self.lines).unknown([asked.item])
        if missing:
            return np.full(len(self), np.nan), missing, []
        return decode(self.frame[asked.item].to_numpy(), asked, self.codebook[asked.item], self._column(asked.item))

    def _classify(self, name: str) -> tuple[Levels, list[Problem], list[Note]]:
        group = self.spec.group[name]
        missing = Rows(self.frame, self.place, self.lines).unknown([group.item])
        if missing:
            return Levels((), np.full(len(self), -1)), missing, []
        values, item = self.frame[group.item].to_numpy(), self.codebook[group.item]
        return classify(values, group, item, self._column(group.item), self.language, name=name)

    def _column(self, item: str) -> str:
        return f"{self.place}, column '{item}'"


def read_sample(study: Study, spec: Survey) -> Sample:
    """
    Read one wave of a study's surveys, and check all that the study will ask of it.

    Parameters
    ----------
    study : Study
        Its folder is where files are found.
    spec : Survey
        One of its waves.

    Returns
    -------
    Sample

    Raises
    ------
    StudyError
        With every problem: the file cannot be read; columns do not exist; weights, strata, clusters
        or population sizes cannot be used; respondents occur twice; cells or codes that the study
        does not explain.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> wave = read_sample(study, study.survey[2])
    >>> wave.design.degrees_of_freedom()
    94
    """
    return shared(f"sample.{spec.wave}.{spec.file}", lambda: _read_sample(study, spec), of=(study, spec))


def _read_sample(study: Study, spec: Survey) -> Sample:
    chosen = select_respondents(
        read_microdata(
            study.folder / spec.file, encoding=spec.encoding, delimiter=spec.delimiter, decimal=spec.decimal
        ),
        spec.keep,
    )
    rows = Rows(chosen.data.frame, chosen.data.place, chosen.data.lines)
    problems = _missing_columns(rows, spec)
    problems += _twice(rows, spec.id) if spec.id in rows.frame.columns and spec.id else []
    data = chosen.data
    if spec.frequency in rows.frame.columns and spec.frequency:
        try:
            data = expand_rows(chosen.data, spec.frequency)
        except StudyError as error:
            problems += error.problems
    design, found = _design(data, spec)
    problems += found
    sample = Sample(
        spec=spec,
        frame=data.frame,
        codebook=data.codebook,
        design=replace(design or Design.from_frame(data.frame), left_out=chosen.left_out),
        notes=data.notes,
        place=data.place,
        lines=data.lines,
        language=study.study.language[0],
    )
    checked = [(name, sample._decode(answer)) for name, answer in _questions(spec) if answer.item in data.frame.columns]
    grouped = [
        (f"group.{name}", sample._classify(name))
        for name, group in spec.group.items()
        if group.item in data.frame.columns
    ]
    problems += [problem for _, (_, wrong, _) in (*checked, *grouped) for problem in wrong]
    if problems:
        raise StudyError(*dict.fromkeys(problems))
    sample = replace(sample, design=_weighted(sample, study.folder))
    remarks: dict[str, tuple[Note, ...]] = {}
    for name, (_, _, notes) in (*checked, *grouped):
        remarks[name] = _once((*remarks.get(name, ()), *notes))
    about = (*data.notes, *_personal(data), *_counts(data, spec), *_about_design(sample.design))
    told = _once(note for notes in remarks.values() for note in notes)
    return replace(sample, notes=(*about, *told), about=about, remarks=remarks)


def _questions(spec: Survey) -> Iterator[tuple[str, Answer | Recall]]:
    """Give every question asked of a file, by the part of the study that asks it."""
    for name, platform in spec.platform.items():
        for answer in platform.steps().values():
            yield f"platform.{name}", answer
        if platform.left is not None:
            yield f"platform.{name}", platform.left
    for name, base in spec.base.items():
        for answer in base.any:
            yield f"base.{name}", answer
    for name, share in spec.share.items():
        yield f"share.{name}", share


def _missing_columns(rows: Rows, spec: Survey) -> list[Problem]:
    items = [answer.item for _, answer in _questions(spec)] + [group.item for group in spec.group.values()]
    needed = [
        *listed(spec.id),
        *listed(spec.weight),
        *listed(spec.frequency),
        *listed(spec.strata),
        *listed(spec.cluster),
        *listed(spec.fpc),
        *items,
    ]
    problems = rows.unknown(needed)
    if len(problems) > 1 and len(set(needed).intersection(rows.frame.iloc[:, 0].astype(str))) > 1:
        raise StudyError.at(
            rows.place,
            "the names of items stand in the first column: the table is transposed",
            "Turn it so that each respondent is a row and each item a column",
        )
    return problems


def _design(data: Microdata, spec: Survey) -> tuple[Design | None, list[Problem]]:
    try:
        design = _drawn(data, spec)
        design.check_variance(data.place)
    except (SpecError, EstimateError) as error:
        return None, list(error.problems)
    return design, []


def _drawn(data: Microdata, spec: Survey) -> Design:
    given = spec.replicates
    if given is not None and given.make is None and given.kind is not None and spec.weight is not None:
        return ReplicateDesign.from_replicates(
            data.frame,
            weight=spec.weight,
            columns=f"{re.escape(given.prefix)}[0-9]+" if given.prefix is not None else given.columns,
            kind=given.kind,
            scale=given.scale,
            rscales=given.rscales,
            rho=given.rho,
            centre="estimate" if given.mse else "mean",
            df=given.df,
            holding=given.holding,
            sampling=spec.sampling,
            place=data.place,
            lines=data.lines,
        )
    return Design.from_frame(
        data.frame,
        weight=spec.weight,
        strata=spec.strata,
        cluster=spec.cluster,
        nest=spec.nest,
        fpc=spec.fpc,
        lonely_psu=spec.lonely_psu,
        sampling=spec.sampling,
        place=data.place,
        lines=data.lines,
    )


def _weighted(sample: Sample, folder: Path) -> Design:
    """Weigh the sample to known totals and make the replicates asked for."""
    spec, design = sample.spec, sample.design
    named = {name for step in spec.weighting for name in step.margins if name in spec.group}
    try:
        if spec.weighting:
            frame = sample.frame.assign(**{name: sample.levels(name) for name in sorted(named)})
            recipe = build_recipe(spec.weighting, folder)
            design = recipe.apply(design, frame, place=sample.place, lines=sample.lines)
        made = spec.replicates
        if made is not None and made.make is not None:
            centre: Centre = "estimate" if made.mse else "mean"
            if made.make == "jackknife":
                return jackknife(design, centre=centre)
            return bootstrap(design, n_replicates=made.number, seed=made.seed, centre=centre)
    except (SpecError, EstimateError) as error:
        raise StudyError(*error.problems) from None
    return design


def _twice(rows: Rows, name: str) -> list[Problem]:
    """Tell which respondents occur more than once, or have no identifier."""
    column = rows.frame[name]
    problems = []
    blank = column.isna().to_numpy()
    if blank.any():
        problems.append(Problem(rows.at(blank, name), "the respondent has no identifier", "Fill it in"))
    repeated = (column.duplicated(keep=False) & column.notna()).to_numpy()
    if repeated.any():
        who = some([quoted(value) for value in dict.fromkeys(column[repeated])])
        mend = "Keep one row for each respondent"
        problems.append(Problem(rows.at(repeated, name), f"the same respondents occur twice: {who}", mend))
    return problems


def _personal(data: Microdata) -> list[Note]:
    found = [str(name) for name in data.frame.columns if str(name).casefold() in PERSONAL]
    return (
        [Note("columns that look like personal data are not used: {columns}", {"columns": shortened(found)})]
        if found
        else []
    )


def _counts(data: Microdata, spec: Survey) -> list[Note]:
    """Ask about weights that look like the numbers of people behind a few patterns of answers."""
    if spec.weight is None or spec.frequency is not None or spec.id is not None or len(data.frame) > FEW_ROWS:
        return []
    weights = data.frame[spec.weight].to_numpy(float)
    patterns = data.frame.drop(columns=spec.weight)
    if (weights != np.round(weights)).any() or weights.mean() < SEVERAL or patterns.duplicated().any():
        return []
    return [Note(PERHAPS_COUNTS, {"weight": spec.weight, "n": len(data.frame)})]


def _about_design(design: Design) -> list[Note]:
    notes = []
    effective = design.n_effective()
    if effective < UNEVEN * design.n:
        message = "weights are so uneven that {n} respondents tell as much as {n_effective} of equal weight (Kish)"
        notes.append(Note(message, {"n": design.n, "n_effective": round(effective)}))
    if design.sampling != "census" and design.stages and (design.stages[0].fraction >= 1).all():
        notes.append(Note("population sizes equal the numbers drawn, so that estimates have no sampling error"))
    if design.lonely_strata:
        message = "strata with one primary unit ({strata}) follow the rule '{rule}'"
        notes.append(Note(message, {"strata": shortened(design.lonely_strata), "rule": design.lonely_psu}))
    return notes


def _once(notes: Iterable[Note]) -> tuple[Note, ...]:
    kept: dict[str, Note] = {str(note): note for note in notes}
    return tuple(kept.values())


def _unknown(what: str, name: str, known: list[str]) -> SpecError:
    mend = did_you_mean(name, known, f"{what.capitalize()}s here: {', '.join(known) or 'none'}")
    return SpecError.at(f"{what} '{name}'", f"the survey has no such {what}", mend)
