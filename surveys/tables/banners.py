"""The banner tables of a study: what `[[table]]` asks, read from a wave and laid out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

import numpy as np
import pandas as pd

from surveys.core.arrays import Bools, Floats
from surveys.core.errors import Problem, StudyError, did_you_mean
from surveys.core.results import Note
from surveys.data.codebook import Code, Item, ResponseSet, as_number, distinct_codes, format_code, same_code
from surveys.data.groups import NO_LEVEL, Levels, in_language
from surveys.data.nonanswers import Kind, kind_of_code
from surveys.data.nonanswers import described as told
from surveys.design.rows import some
from surveys.funnel.funnel import Measure, step_shares
from surveys.funnel.shares import LevelShares
from surveys.samples.sample import Sample, read_sample
from surveys.study.fields import Answer, Label
from surveys.study.schema import Crosstab, Net, Step, Study, Survey
from surveys.tables.crosstabs import Asked, BannerRow, BannerTable, RowKind, Split, indicator_shares, lay_out_banner

Row = tuple[BannerRow, Asked]
Level = tuple[tuple[Code, ...], Label]
STEP: RowKind = "step"
CONVERSION: RowKind = "conversion"


def build_tables(study: Study) -> tuple[BannerTable, ...]:
    """
    Build the banner tables that a study names.

    Parameters
    ----------
    study : Study
        Each `[[table]]` is one.

    Returns
    -------
    tuple of BannerTable
        In the order of the file.

    Raises
    ------
    StudyError
        With every problem: waves, groups, platforms, items or sets that do not exist, data that
        cannot be used, as `read_sample`.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> [table.id for table in build_tables(open_example("twitter_france"))]
    ['steps']
    """
    problems = [problem for table in study.table for problem in _misnamed(study, table)]
    waves = {table.id: _wave(study, table) for table in study.table}
    problems += [
        Problem(_place(table), "no wave has its groups and rows", "Name a wave, and groups and a platform that it has")
        for table in study.table
        if waves[table.id] is None and not any(_misnamed(study, table))
    ]
    if problems:
        raise StudyError(*problems)
    samples: dict[str, Sample] = {}
    built = []
    for table in study.table:
        spec = waves[table.id]
        assert spec is not None
        try:
            if spec.wave not in samples:
                samples[spec.wave] = read_sample(study, spec)
            built.append(build_table(samples[spec.wave], table, conf_level=study.study.conf_level))
        except StudyError as error:
            problems += error.problems
    if problems:
        raise StudyError(*dict.fromkeys(problems))
    return tuple(built)


def build_table(sample: Sample, table: Crosstab, *, conf_level: float = 0.95) -> BannerTable:
    """
    Build one banner table from a wave.

    Parameters
    ----------
    sample : Sample
        The wave.
    table : Crosstab
        What to show.
    conf_level : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    BannerTable

    Raises
    ------
    StudyError
        If an item, set or group does not exist, or holds codes or blank cells that the study does not
        explain.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> heard = Crosstab(id="heard", platform="twitter", banner=("sex",))
    >>> table = build_table(read_sample(study, study.survey[2]), heard)
    >>> [column.level for column in table.columns]
    ['', 'Hommes', 'Femmes']
    """
    base = sample.base(table.base)
    return lay_out_banner(
        sample.design,
        list(_rows(sample, table, base)),
        {group: sample.grouping(group) for group in table.banner},
        base=base,
        id=table.id,
        label=table.label,
        wave=sample.spec.wave,
        adjustment=table.adjustment,
        conf_level=conf_level,
        flagged=table.flagged,
        suppressed=table.suppressed,
        notes=_remarks(sample, table),
    )


def _remarks(sample: Sample, table: Crosstab) -> tuple[Note, ...]:
    """Give what has to be said of the table's groups and base; whom no column holds is counted in the table."""
    groups = [note for name in table.banner for note in sample.told_of("group", name) if note.message != NO_LEVEL]
    base = sample.told_of("base", table.base) if table.base is not None else ()
    return tuple({str(note): note for note in (*base, *groups)}.values())


def _rows(sample: Sample, table: Crosstab, base: Bools) -> Iterator[Row]:
    if table.platform is not None:
        yield from _steps(sample, table.platform)
    elif table.item is not None:
        yield from _codes(sample, table, table.item, base)
    elif table.choices:
        chosen = {name: _choice(sample, table, name, table.counted) for name in table.choices}
        yield from _choices(table, chosen, dict(table.choices), base)
    else:
        yield from _set(sample, table, base)


def _steps(sample: Sample, platform: str) -> Iterator[Row]:
    """Give a row to each step, as a share of the base and of those who reached the step before."""

    @cache
    def shares(levels: Levels | None) -> dict[tuple[Step, Measure], LevelShares]:
        return step_shares(sample, platform, levels)

    def asked(step: Step, measure: Measure, split: Split) -> LevelShares:
        assert not isinstance(split, pd.DataFrame)
        return shares(split)[step, measure]

    for step, measure in shares(None):
        key, kind = (step, STEP) if measure == "cumulative" else (f"{step}.conversion", CONVERSION)
        yield BannerRow(key=key, label=key, kind=kind), partial(asked, step, measure)


def _codes(sample: Sample, table: Crosstab, item: str, base: Bools) -> Iterator[Row]:
    """Give a row to each level of an item, in the order of its labels, then to each net."""
    codes = _known_codes(sample, table, item)
    levels = _levels(sample, table, item, codes)
    for joined, label in levels:
        row = BannerRow(key=format_code(joined[0]), label=label, kind="code")
        yield row, indicator_shares(_indicator(sample, table, item, joined, codes), base)
    for number, net in enumerate(table.net, 1):
        inside = _net_levels(sample, table, item, net, levels)
        joined = tuple(code for some, _ in inside for code in some)
        row = BannerRow(
            key=f"net.{number}",
            label=net.label or _net_label(net),
            kind="net",
            joined=tuple(label for _, label in inside),
        )
        yield row, indicator_shares(_indicator(sample, table, item, joined, codes), base)


def _known_codes(sample: Sample, table: Crosstab, item: str) -> list[Code]:
    """List the codes that are answers: those with a label first, then those that occur without."""
    if item not in sample.frame.columns:
        mend = did_you_mean(item, map(str, sample.frame.columns), "Name a column of the file")
        raise StudyError.at(_place(table), f"{sample.place} has no column '{item}'", mend)
    described = sample.codebook[item]
    found = [code for code in distinct_codes(sample.frame[item].to_numpy())[0] if code is not None]
    listed: list[Code] = []
    for code in (*table.levels, *described.codes, *found):
        number = as_number(code)
        plain: Code = code if np.isnan(number) else number
        if not any(same_code(plain, other) for other in listed):
            listed.append(plain)
    codes = [code for code in listed if not _is_missing(code, table, described)]
    doubtful = {code: kind for code in codes if (kind := _doubt(code, table, described)) is not None}
    unasked = [code for code, kind in doubtful.items() if table.not_asked and kind in ("blank", "not asked")]
    _refuse_unexplained(sample, table, item, [code for code in doubtful if code not in unasked], codes, found)
    return [code for code in codes if code not in doubtful]


def _is_missing(code: Code, table: Crosstab, described: Item) -> bool:
    number = as_number(code)
    return any(same_code(code, known) for known in (*table.missing, *described.missing_codes)) or any(
        low <= number <= high for low, high in described.missing_ranges
    )


def _doubt(code: Code, table: Crosstab, described: Item) -> Kind | None:
    """Tell whether a code looks like no answer though the table does not name it among its levels."""
    return None if any(same_code(code, key) for key in table.levels) else kind_of_code(code, described)


def _refuse_unexplained(
    sample: Sample, table: Crosstab, item: str, doubtful: list[Code], codes: list[Code], found: list[Code]
) -> None:
    """Ask about codes that look like no answer, and about those that lie outside of the levels declared."""
    place, described = f"{sample.place}, column '{item}'", sample.codebook[item]
    seen = [code for code in doubtful if any(same_code(code, other) for other in found)]
    mend = f"List them under missing of {_place(table)}, or under levels if they are answers"
    problems = []
    if seen:
        said = some([told(code, described) for code in seen])
        problems.append(Problem(place, f"codes that look like no answer: {said}", mend))
    outside = [code for code in _outside(table, described, codes) if code not in doubtful]
    if outside:
        said = some([format_code(code) for code in outside])
        problems.append(Problem(place, f"codes without a level: {said}", mend))
    if problems:
        raise StudyError(*problems)


def _outside(table: Crosstab, described: Item, codes: list[Code]) -> list[Code]:
    """Give the codes without a label that do not lie between those which the table declares as levels."""
    ends = [as_number(code) for code in table.levels]
    if len(ends) < 2:
        return []
    return [
        code
        for code in codes
        if described.label_of(code) is None
        and not any(same_code(code, key) for key in table.levels)
        and not min(ends) < as_number(code) < max(ends)
    ]


def _levels(sample: Sample, table: Crosstab, item: str, codes: list[Code]) -> list[Level]:
    """Give the codes of each label, in the order of their first."""
    found: dict[str, tuple[tuple[Code, ...], Label]] = {}
    for code in codes:
        label = _label(sample, table, item, code)
        said = in_language(label, sample.language)
        joined, first = found.get(said, ((), label))
        found[said] = ((*joined, code), first)
    return list(found.values())


def _label(sample: Sample, table: Crosstab, item: str, code: Code) -> Label:
    given = next((label for key, label in table.levels.items() if same_code(key, code)), None)
    return given if given is not None else sample.codebook[item].label_of(code) or format_code(code)


def _indicator(sample: Sample, table: Crosstab, item: str, yes: tuple[Code, ...], codes: list[Code]) -> Floats:
    no = tuple(code for code in codes if not any(same_code(code, known) for known in yes))
    return sample.indicator(Answer(item=item, yes=yes, no=no, missing=table.missing, not_asked=table.not_asked))


def _net_levels(sample: Sample, table: Crosstab, item: str, net: Net, levels: list[Level]) -> list[Level]:
    """Give what a net joins: the codes it names, or the first or last few levels."""
    if not net.codes:
        ranked = _ranked(sample, table, item, levels)
        return ranked[: net.top] if net.top is not None else ranked[-(net.bottom or 1) :]
    gone = [code for code in net.codes if _is_missing(code, table, sample.codebook[item])]
    if gone:
        what = f"a net names code {format_code(gone[0])}, which means that there is no answer"
        raise StudyError.at(_place(table), what, "Take it out of the net, or out of missing")
    known = [code for joined, _ in levels for code in joined]
    unknown = [code for code in net.codes if not any(same_code(code, other) for other in known)]
    if unknown:
        what = f"a net names code {format_code(unknown[0])}, which nobody gave and no label names"
        otherwise = (
            f"Correct it, or list it under levels; the codes are {some([format_code(one) for one in known], 12)}"
        )
        mend = did_you_mean(format_code(unknown[0]), [one for one in known if isinstance(one, str)], otherwise)
        raise StudyError.at(_place(table), what, mend)
    return _levels(sample, table, item, list(net.codes))


def _ranked(sample: Sample, table: Crosstab, item: str, levels: list[Level]) -> list[Level]:
    """Order the levels from the top: as the table lists them, or the file, or the highest number first."""
    codes = [code for joined, _ in levels for code in joined]
    for order in (list(table.levels), list(sample.codebook[item].codes)):
        if order and all(any(same_code(code, key) for key in order) for code in codes):
            rank = {code: next(i for i, key in enumerate(order) if same_code(code, key)) for code in codes}
            return sorted(levels, key=lambda level: min(rank[code] for code in level[0]))
    unlisted = [code for code in codes if not any(same_code(code, key) for key in table.levels)]
    if len(table.levels) > 1 or np.isnan([as_number(code) for code in codes]).any():
        what = (
            f"top and bottom need the order of all codes: {some([format_code(code) for code in unlisted])} not listed"
        )
        raise StudyError.at(_place(table), what, "List every code under levels, from the top, or name codes of the net")
    return sorted(levels, key=lambda level: -max(as_number(code) for code in level[0]))


def _net_label(net: Net) -> Label:
    if net.top is not None:
        return {"en": f"Top {net.top}", "fr": f"{net.top} notes les plus hautes"}
    return {"en": f"Bottom {net.bottom}", "fr": f"{net.bottom} notes les plus basses"}


def _choice(sample: Sample, table: Crosstab, item: str, counted: tuple[Code, ...]) -> Floats:
    return sample.indicator(Answer(item=item, yes=counted, missing=table.missing, not_asked=table.not_asked))


def _choices(table: Crosstab, chosen: dict[str, Floats], labels: dict[str, Label], base: Bools) -> Iterator[Row]:
    """Give a row to each choice, of those who answered about it, and to each net, of those who did about all."""
    answers = _answers(chosen)
    for name, yes in answers.items():
        row = BannerRow(key=name, label=labels[name], kind="choice")
        yield row, indicator_shares(yes, base)
    for number, net in enumerate(table.net, 1):
        unknown = [str(name) for name in net.codes if str(name) not in chosen]
        if unknown:
            mend = did_you_mean(unknown[0], chosen, f"Choices here: {', '.join(chosen)}")
            raise StudyError.at(_place(table), f"a net names '{unknown[0]}', which is no choice", mend)
        any_of = np.column_stack([answers[str(name)] for name in net.codes]).max(axis=1)
        joined = tuple(labels[str(name)] for name in net.codes)
        row = BannerRow(key=f"net.{number}", label=net.label or "", kind="net", joined=joined)
        yield row, indicator_shares(any_of, base)


def _answers(chosen: dict[str, Floats]) -> dict[str, Floats]:
    """Count a choice left blank as no where blanks are all that its column has beside ticks, if any was ticked."""
    answered = np.isfinite(np.column_stack(list(chosen.values()))).any(axis=1)
    return {
        name: yes if (yes == 0).any() else np.where(answered, np.nan_to_num(yes), np.nan)
        for name, yes in chosen.items()
    }


def _set(sample: Sample, table: Crosstab, base: Bools) -> Iterator[Row]:
    """Give a row to each choice of a question that the data file describes."""
    name = (table.set or "").removeprefix("$")
    if name not in sample.codebook.sets:
        known = list(sample.codebook.sets)
        mend = did_you_mean(name, known, f"Sets of the file: {', '.join(known) or 'none'}; or list its choices")
        raise StudyError.at(_place(table), f"{sample.place} describes no set '{name}'", mend)
    described = sample.codebook.sets[name]
    if described.ticked:
        chosen = _ticked(sample, table, described)
        labels: dict[str, Label] = {item: sample.codebook[item].label or item for item in described.items}
        yield from _choices(table, chosen, labels, base)
        return
    places = {item: _known_codes(sample, table, item) for item in described.items}
    codes = list(dict.fromkeys(code for found in places.values() for code in found))
    given = {
        format_code(code): _anywhere([_indicator(sample, table, item, (code,), codes) for item in described.items])
        for code in codes
    }
    named = {format_code(code): _label(sample, table, described.items[0], code) for code in codes}
    yield from _choices(table, given, named, base)


def _ticked(sample: Sample, table: Crosstab, described: ResponseSet) -> dict[str, Floats]:
    """Tell who ticked each choice; where a tick is whatever is not blank, who ticked none may not have been asked."""
    if described.counted is not None:
        return {item: _choice(sample, table, item, (described.counted,)) for item in described.items}
    ticks = sample.frame[list(described.items)].notna().to_numpy(bool)
    nothing = np.asarray(~ticks.any(axis=1), bool)
    if nothing.any() and table.not_asked is None:
        raise StudyError.at(
            f"{sample.place}, set '{described.name}'",
            f"{nothing.sum()} of {len(sample)} respondents ticked nothing, and study.toml does not say what it means",
            f"Set not_asked = 'no' in {_place(table)} if they were asked, or 'missing' to leave them out",
        )
    answers = np.where(nothing[:, None] & (table.not_asked == "missing"), np.nan, ticks.astype(float))
    return {item: answers[:, i] for i, item in enumerate(described.items)}


def _anywhere(indicators: list[Floats]) -> Floats:
    """Tell who gave an answer in any of several places; NaN for those who left all of them blank."""
    together = np.column_stack(indicators)
    answered = np.isfinite(together).any(axis=1)
    return np.where(answered, np.nan_to_num(together).max(axis=1), np.nan)


def _wave(study: Study, table: Crosstab) -> Survey | None:
    fitting = [
        spec
        for spec in study.survey
        if set(table.banner) <= spec.group.keys()
        and (table.platform is None or table.platform in spec.platform)
        and (table.base is None or table.base in spec.base)
        and (table.wave is None or table.wave == spec.wave)
    ]
    return fitting[-1] if fitting else None


def _misnamed(study: Study, table: Crosstab) -> Iterator[Problem]:
    waves = [spec.wave for spec in study.survey]
    if table.wave is not None and table.wave not in waves:
        mend = did_you_mean(table.wave, waves, f"Waves here: {', '.join(waves) or 'none'}")
        yield Problem(_place(table), f"no survey has wave '{table.wave}'", mend)
        return
    chosen = [spec for spec in study.survey if table.wave in (None, spec.wave)]
    groups = list(dict.fromkeys(name for spec in chosen for name in spec.group))
    platforms = list(dict.fromkeys(name for spec in chosen for name in spec.platform))
    bases = list(dict.fromkeys(name for spec in chosen for name in spec.base))
    asked = [("group", name, groups) for name in table.banner]
    asked += [("platform", table.platform, platforms)] if table.platform is not None else []
    asked += [("base", table.base, bases)] if table.base is not None else []
    for what, name, known in asked:
        if name not in known:
            mend = did_you_mean(name, known, f"{what.capitalize()}s here: {', '.join(known) or 'none'}")
            yield Problem(_place(table), f"no survey has {what} '{name}'", mend)
    twice = [other.id for other in study.table].count(table.id)
    if twice > 1 and next(other for other in study.table if other.id == table.id) is table:
        yield Problem(_place(table), f"{twice} tables have this id", "Give each its own")


def _place(table: Crosstab) -> str:
    return f"study.toml, [[table]] '{table.id}'"
