"""What a reader of a survey must be told: what the study says, what its files show, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from surveys.core.errors import Problem, StudyError
from surveys.core.results import Note
from surveys.data.groups import in_language
from surveys.design.rows import listed
from surveys.funnel.funnel import Funnel, estimate_funnel
from surveys.funnel.shares import estimate_shares
from surveys.samples.sample import Sample, read_sample
from surveys.study.fields import Answer, Label
from surveys.study.schema import Recall, Study, Survey
from surveys.weighting.recipe import WeightingRecipe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rules = Literal["AAPOR", "BPC", "ESOMAR/WAPOR", "77-808"]
Origin = Literal["stated", "computed", "gap"]
ItemName = Literal[
    "sponsor",
    "institute",
    "population",
    "frame",
    "recruitment",
    "mode",
    "dates",
    "sample_size",
    "precision",
    "weighting",
    "wording",
    "item_nonresponse",
    "response",
    "incentives",
    "limitations",
    "contact",
]

ITEMS: tuple[ItemName, ...] = get_args(ItemName)
EVERY: tuple[Rules, ...] = get_args(Rules)
REQUIRED: Mapping[ItemName, tuple[Rules, ...]] = {
    "sponsor": EVERY,
    "institute": EVERY,
    "population": ("AAPOR", "BPC", "ESOMAR/WAPOR"),
    "frame": ("AAPOR", "BPC"),
    "recruitment": ("AAPOR", "77-808"),
    "mode": ("AAPOR", "BPC", "ESOMAR/WAPOR"),
    "dates": EVERY,
    "sample_size": EVERY,
    "precision": ("AAPOR", "77-808"),
    "weighting": EVERY,
    "wording": EVERY,
    "item_nonresponse": ("AAPOR", "77-808"),
    "response": ("77-808",),
    "incentives": ("77-808",),
    "limitations": ("AAPOR",),
    "contact": ("77-808",),
}
"""Who asks for each item: AAPOR's transparency initiative, the British Polling Council, ESOMAR and WAPOR, and
articles 2 and 3 of the French law 77-808 on electoral polls."""

BLANK = Note(
    "blank cells count as questions that were not asked: "
    "answers that were simply left blank are not among those missing"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosedItem:
    """
    One thing to be told.

    Attributes
    ----------
    name : str
        One of `ITEMS`.
    wave : str
        Wave that it is about; empty for all.
    origin : {"stated", "computed", "gap"}
        Whether the study file says it, the data show it, or neither does.
    said : label or None
        What the study says; None where it is computed or missing.
    values : mapping of str to int, float or str
        What the data show.
    """

    name: ItemName
    wave: str = ""
    origin: Origin
    said: Label | None = None
    values: Mapping[str, int | float | str] = field(default_factory=dict)

    @property
    def required_by(self) -> tuple[Rules, ...]:
        """Whose rules ask for it."""
        return REQUIRED[self.name]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Disclosure:
    """
    The disclosure of a study's surveys.

    Attributes
    ----------
    items : tuple of DisclosedItem
        In the order of `ITEMS`, then of the waves.
    nonresponse : DataFrame
        One row per wave and question: wave, question, item, n_asked, n_missing, share.
    notes : tuple of Note
        How missing answers were counted.
    about : tuple of Note
        What was found out about the files of surveys that ask about no platform, and about their weights.
    """

    items: tuple[DisclosedItem, ...]
    nonresponse: pd.DataFrame = field(repr=False)
    notes: tuple[Note, ...] = ()
    about: tuple[Note, ...] = ()

    @property
    def gaps(self) -> tuple[DisclosedItem, ...]:
        """What is neither stated nor shown by the data."""
        return tuple(item for item in self.items if item.origin == "gap")

    def of(self, name: str) -> tuple[DisclosedItem, ...]:
        """Give what is told under one name."""
        return tuple(item for item in self.items if item.name == name)

    def to_frame(self) -> pd.DataFrame:
        """Give one row per item and wave: item, wave, required_by, origin, said."""
        rows = [
            {
                "item": item.name,
                "wave": item.wave,
                "required_by": ", ".join(item.required_by),
                "origin": item.origin,
                "said": _in_english(item),
            }
            for item in self.items
        ]
        return pd.DataFrame(rows, columns=["item", "wave", "required_by", "origin", "said"])

    def summary(self) -> str:
        """Say in a line of English how much is told, and what is not."""
        missing = list(dict.fromkeys(item.name for item in self.gaps))
        told = f"{len(ITEMS) - len(missing)} of {len(ITEMS)} items told"
        return f"{told}; missing: {', '.join(missing)}" if missing else told

    def plot(self, ax: Axes) -> Axes:
        """Draw the share of answers missing in each wave, a point for each question."""
        waves = list(dict.fromkeys(self.nonresponse["wave"]))
        ax.plot([waves.index(wave) for wave in self.nonresponse["wave"]], self.nonresponse["share"], "o")
        ax.set_xticks(range(len(waves)), waves)
        return ax


def disclose(study: Study, funnel: Funnel | None = None) -> Disclosure:
    """
    Gather what a reader of a study's surveys must be told.

    Parameters
    ----------
    study : Study
        Its `[disclosure]`, its surveys, and their files.
    funnel : Funnel, optional
        Of the study; estimated without it, where surveys ask about platforms.

    Returns
    -------
    Disclosure
        Nothing is made up: what the study does not say and its files do not show is a gap. A wave's
        `precision` is half of its widest interval for a share of everybody.

    Raises
    ------
    StudyError
        With every problem of every survey, as `read_sample`.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> disclose(open_example("twitter_france")).summary()
    '14 of 16 items told; missing: response, contact'
    """
    samples = _samples(study)
    if funnel is None and any(survey.platform for survey in study.survey):
        funnel = estimate_funnel(study)
    missing = pd.DataFrame(
        [row for sample in samples for row in _missing_answers(sample)],
        columns=["wave", "question", "item", "n_asked", "n_missing", "share"],
    )
    widths = _widths(study, funnel)
    items = [item for name in ITEMS for item in _items(name, study, samples, missing, widths)]
    filtered = any(answer.not_asked is not None for sample in samples for _, answer in _questions(sample.spec))
    about = {str(note): note for sample in samples if not sample.spec.platform for note in sample.about}
    notes = (BLANK,) if filtered else ()
    return Disclosure(items=tuple(items), nonresponse=missing, notes=notes, about=tuple(about.values()))


def _samples(study: Study) -> list[Sample]:
    samples, problems = [], list[Problem]()
    for survey in study.survey:
        try:
            samples.append(read_sample(study, survey))
        except StudyError as error:
            problems += error.problems
    if problems:
        raise StudyError(*problems)
    return samples


def _items(
    name: ItemName, study: Study, samples: Sequence[Sample], missing: pd.DataFrame, widths: Mapping[str, float]
) -> Iterator[DisclosedItem]:
    stated: Label | None = getattr(study.disclosure, name, None)
    if stated is not None:
        yield DisclosedItem(name=name, origin="stated", said=stated)
    match name:
        case "population":
            yield from _by_wave(name, {s.spec.wave: _universe(study, s.spec) for s in samples}, stated)
        case "mode":
            yield from _by_wave(name, {s.spec.wave: s.spec.mode for s in samples}, stated)
        case "dates":
            yield from _by_wave(name, {s.spec.wave: s.spec.date or None for s in samples}, stated)
        case "sample_size":
            for sample in samples:
                effective = round(sample.design.n_effective())
                yield _computed(name, sample, {"n": len(sample), "n_effective": effective})
        case "precision":
            for sample in samples:
                width = widths.get(sample.spec.wave, float("nan"))
                values = {"half_width": width, "conf_level": study.study.conf_level, "sampling": sample.spec.sampling}
                found = np.isfinite(width)
                yield _computed(name, sample, values) if found else _gap(name, sample.spec.wave)
        case "weighting":
            yield from (_design(sample) for sample in samples)
            if stated is None and any(sample.spec.weight for sample in samples):
                yield _gap(name)
        case "wording":
            for sample in samples:
                yield from _wordings(sample.spec)
        case "item_nonresponse":
            for sample in samples:
                rows = missing[missing["wave"] == sample.spec.wave]
                if len(rows):
                    ends = {"lowest": float(rows["share"].min()), "highest": float(rows["share"].max())}
                    yield _computed(name, sample, ends)
        case _ if stated is None:
            yield _gap(name)


def _by_wave(name: ItemName, said: Mapping[str, Label | None], stated: Label | None) -> Iterator[DisclosedItem]:
    """Give what each wave says; what a wave does not say is missing unless it is said for all."""
    for wave, label in said.items():
        if label is not None:
            yield DisclosedItem(name=name, wave=wave, origin="stated", said=label)
        elif stated is None:
            yield _gap(name, wave)


def _computed(name: ItemName, sample: Sample, values: Mapping[str, int | float | str]) -> DisclosedItem:
    return DisclosedItem(name=name, wave=sample.spec.wave, origin="computed", values=values)


def _gap(name: ItemName, wave: str = "") -> DisclosedItem:
    return DisclosedItem(name=name, wave=wave, origin="gap")


def _universe(study: Study, spec: Survey) -> Label | None:
    """Give the people whom a survey is of: its own words, or those of its population."""
    if spec.universe is not None or spec.population not in study.population:
        return spec.universe
    return study.population[spec.population].label


def _design(sample: Sample) -> DisclosedItem:
    """Give the columns of the design, where the weights come from, and what each step of weighting was fitted to."""
    spec, design = sample.spec, sample.design
    told = {name: ", ".join(listed(getattr(spec, name))) for name in ("weight", "strata", "cluster")}
    if spec.weight is None and np.ptp(design.base_weights) > 0:
        told["fractions"] = ", ".join(listed(spec.fpc))
    steps = WeightingRecipe.of(design).to_frame()
    for kind, margins in steps.groupby("kind", sort=False)["margin"]:
        told[str(kind)] = ", ".join(dict.fromkeys(map(str, margins))) or str(kind)
    return _computed("weighting", sample, told)


def _wordings(survey: Survey) -> Iterator[DisclosedItem]:
    """Give the words of each question that the survey asks, and the questions whose words are not given."""
    asked = dict.fromkeys(step for platform in survey.platform.values() for step in platform.steps())
    if any(platform.left for platform in survey.platform.values()):
        asked["lapsed"] = None
    for step in asked:
        said = survey.wording.get(step)
        origin: Origin = "gap" if said is None else "stated"
        yield DisclosedItem(name="wording", wave=survey.wave, origin=origin, said=said, values={"step": step})


def _questions(survey: Survey) -> Iterator[tuple[str, Answer | Recall]]:
    for name, platform in survey.platform.items():
        for step, answer in platform.steps().items():
            yield f"{name}.{step}", answer
        if platform.left is not None:
            yield f"{name}.left", platform.left
    yield from survey.share.items()


def _missing_answers(sample: Sample) -> Iterator[dict[str, object]]:
    """Count, of those who were asked each question, those who gave no answer."""
    for question, answer in _questions(sample.spec):
        asked = sample.asked(answer)
        missing = asked & np.isnan(sample.indicator(answer))
        n = int(asked.sum())
        yield {
            "wave": sample.spec.wave,
            "question": question,
            "item": answer.item,
            "n_asked": n,
            "n_missing": int(missing.sum()),
            "share": missing.sum() / n if n else float("nan"),
        }


def _widths(study: Study, funnel: Funnel | None) -> dict[str, float]:
    """Give half of the widest interval for a share of everybody in each wave."""
    frames = [] if funnel is None else [funnel.to_frame().query("measure == 'cumulative'")]
    if any(survey.share for survey in study.survey):
        frames.append(estimate_shares(study).to_frame().query("base == ''"))
    if not frames:
        return {}
    rows = pd.concat([frame[frame["group"] == ""] for frame in frames], ignore_index=True)
    half = (rows["conf_high"] - rows["conf_low"]) / 2
    return {str(wave): float(width) for wave, width in half.groupby(rows["wave"]).max().items()}


def _in_english(item: DisclosedItem) -> str:
    if item.origin == "gap":
        return "not stated"
    if item.said is not None:
        return in_language(item.said, "en")
    return ", ".join(
        f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in item.values.items()
        if value
    )
