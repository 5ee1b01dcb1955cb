"""The banner tables of a study: what `[[table]]` asks, read from a wave and laid out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

import numpy as np
import pandas as pd

from surveys._design import Floats
from surveys._estimates import Bools
from surveys.codebook import Code, ResponseSet, as_number, distinct_codes, format_code, is_code, same_code
from surveys.crosstabs import Asked, BannerRow, BannerTable, RowKind, Split, indicator_shares, lay_out_banner
from surveys.errors import Problem, StudyError, did_you_mean
from surveys.funnel import Measure, step_shares
from surveys.groups import Levels
from surveys.sample import Sample, read_sample
from surveys.section import Answer, Label
from surveys.shares import LevelShares
from surveys.study import Crosstab, Net, Step, Study, Survey

Row = tuple[BannerRow, Asked]
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
        notes=sample.notes,
    )


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
    """Give a row to each code of an item, in the order of its labels, then to each net."""
    codes = _known_codes(sample, table, item)
    labels = {code: _label(sample, table, item, code) for code in codes}
    for code in codes:
        yes = _indicator(sample, table, item, (code,), codes)
        row = BannerRow(key=format_code(code), label=labels[code], kind="code")
        yield row, indicator_shares(yes, base)
    for number, net in enumerate(table.net, 1):
        joined = _net_codes(net, codes)
        row = BannerRow(key=f"net.{number}", label=net.label or _net_label(net), kind="net")
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
    stored = np.array(listed, dtype=object)
    missing = is_code(stored, table.missing) | is_code(stored, described.missing_codes)
    for low, high in described.missing_ranges:
        missing |= np.array([low <= as_number(code) <= high for code in listed])
    return [code for code, gone in zip(listed, missing, strict=True) if not gone]


def _label(sample: Sample, table: Crosstab, item: str, code: Code) -> Label:
    given = next((label for key, label in table.levels.items() if same_code(key, code)), None)
    return given if given is not None else sample.codebook[item].label_of(code) or format_code(code)


def _indicator(sample: Sample, table: Crosstab, item: str, yes: tuple[Code, ...], codes: list[Code]) -> Floats:
    no = tuple(code for code in codes if not any(same_code(code, known) for known in yes))
    return sample.indicator(Answer(item=item, yes=yes, no=no, missing=table.missing, not_asked=table.not_asked))


def _net_codes(net: Net, codes: list[Code]) -> tuple[Code, ...]:
    if net.codes:
        return net.codes
    ranked = sorted(codes, key=as_number)
    return tuple(ranked[-net.top :] if net.top is not None else ranked[: net.bottom])


def _net_label(net: Net) -> Label:
    if net.top is not None:
        return {"en": f"Top {net.top}", "fr": f"{net.top} notes les plus hautes"}
    return {"en": f"Bottom {net.bottom}", "fr": f"{net.bottom} notes les plus basses"}


def _choice(sample: Sample, table: Crosstab, item: str, counted: tuple[Code, ...]) -> Floats:
    return sample.indicator(Answer(item=item, yes=counted, missing=table.missing, not_asked=table.not_asked))


def _choices(table: Crosstab, chosen: dict[str, Floats], labels: dict[str, Label], base: Bools) -> Iterator[Row]:
    """Give a row to each choice; who answered about one of them answered the question."""
    together = np.column_stack(list(chosen.values()))
    answered = base & np.isfinite(together).any(axis=1)
    for name, yes in chosen.items():
        row = BannerRow(key=name, label=labels[name], kind="choice")
        yield row, indicator_shares(np.nan_to_num(yes), answered)
    for number, net in enumerate(table.net, 1):
        unknown = [str(name) for name in net.codes if str(name) not in chosen]
        if unknown:
            mend = did_you_mean(unknown[0], chosen, f"Choices here: {', '.join(chosen)}")
            raise StudyError.at(_place(table), f"a net names '{unknown[0]}', which is no choice", mend)
        any_of = np.nanmax(np.column_stack([np.nan_to_num(chosen[str(name)]) for name in net.codes]), axis=1)
        row = BannerRow(key=f"net.{number}", label=net.label or "", kind="net")
        yield row, indicator_shares(any_of, answered)


def _set(sample: Sample, table: Crosstab, base: Bools) -> Iterator[Row]:
    """Give a row to each choice of a question that the data file describes."""
    name = (table.set or "").removeprefix("$")
    if name not in sample.codebook.sets:
        known = list(sample.codebook.sets)
        mend = did_you_mean(name, known, f"Sets of the file: {', '.join(known) or 'none'}; or list its choices")
        raise StudyError.at(_place(table), f"{sample.place} describes no set '{name}'", mend)
    described = sample.codebook.sets[name]
    if described.ticked:
        chosen = {item: _ticked(sample, table, described, item) for item in described.items}
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


def _ticked(sample: Sample, table: Crosstab, described: ResponseSet, item: str) -> Floats:
    if described.counted is not None:
        return _choice(sample, table, item, (described.counted,))
    return np.asarray(sample.frame[item].notna(), float)


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
