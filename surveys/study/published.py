"""`[published]`: figures that others printed, and which of them a study draws on."""

from __future__ import annotations

import datetime as dt

from pydantic import Field, model_validator

from surveys.study.fields import Label, Section


class OverList(Section):
    """
    `[published.over_list.NAME]`: figures, by wave, that depend on the whole list of platforms tested.

    Such as the share who are members of any of them: where the list grew, the series is broken.
    """

    label: Label
    figure: dict[str, str] = Field(min_length=1)


class SeriesBreak(Section):
    """
    `breaks` of `[published.series.NAME]`: where two figures of a series cannot be compared, and why.

    Either `between` names the figures on both sides, or `date` says from when on.
    """

    between: tuple[str, str] | None = None
    date: dt.date | None = None
    reason: Label

    @model_validator(mode="after")
    def _is_somewhere(self) -> SeriesBreak:
        if (self.between is None) == (self.date is None):
            raise ValueError("expected either between, with two figures, or a date")
        return self


class SeriesConflict(Section):
    """`conflicts` of `[published.series.NAME]`: why two figures that say otherwise may do so."""

    between: tuple[str, str]
    reason: Label


class FigureSeries(Section):
    """
    `[published.series.NAME]`: one thing that several publishers measured.

    Either `figures` lists them, or `measure`, `entity` and `country` choose all that match; claims of the
    press and figures of part of a sample are then left out. `publishers` renames those whose name in the
    file says more than who asked.
    """

    label: Label
    figures: tuple[str, ...] = ()
    measure: str | None = None
    entity: str | None = None
    country: str | None = None
    publishers: dict[str, str] = Field(default_factory=dict)
    breaks: tuple[SeriesBreak, ...] = ()
    conflicts: tuple[SeriesConflict, ...] = ()

    @model_validator(mode="after")
    def _says_which(self) -> FigureSeries:
        if bool(self.figures) == (self.measure is not None):
            raise ValueError("expected either figures, a list of rows, or a measure")
        return self


class ReachPair(Section):
    """
    `[[published.reach]]`: a service's reach, and its monthly retention where that was published too.

    `ceiling` marks the statement that such a retention caps reach there.
    """

    label: Label
    reach: str
    retention: str | None = None
    at_most: bool = False
    ceiling: bool = False


class PublishedFunnel(Section):
    """
    `[[published.funnel]]`: a funnel that others measured, to be set beside the study's own.

    `aware` and `signup` name figures; `signup` is a share of everybody, or of the aware where its measure
    is `conversion`. `stayed` names a figure of those who signed up, or `usage` for the study's own log.
    Funnels of one `series` are compared with each other, in the order of the file.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    label: Label
    series: str = ""
    date: str
    aware: str
    signup: str
    stayed: str | None = None


class Published(Section):
    """
    `[published]`: figures that others printed, and which of them are this study's own series.

    `compare` names pairs of funnels whose difference is taken apart. `launched` says when each platform opened to
    the public, which models of its spread start from. `old_cohorts` names shares of accounts still there long
    after sign-up. `words` says in the languages of the report what the file says in its own, such as a base.
    """

    file: str
    country: str | None = None
    publisher: str | None = None
    base: str | None = None
    platform: dict[str, str] = Field(default_factory=dict)
    wave: dict[str, str] = Field(default_factory=dict)
    funnel: tuple[PublishedFunnel, ...] = ()
    compare: tuple[tuple[str, str], ...] = ()
    over_list: dict[str, OverList] = Field(default_factory=dict)
    series: dict[str, FigureSeries] = Field(default_factory=dict)
    reach: tuple[ReachPair, ...] = ()
    old_cohorts: tuple[str, ...] = ()
    launched: dict[str, dt.date] = Field(default_factory=dict)
    words: dict[str, Label] = Field(default_factory=dict)

    def say(self, text: str) -> Label | None:
        """Give the words that stand for a text of the file, if the study has some; capitals do not matter."""
        return next((label for known, label in self.words.items() if known.casefold() == text.casefold()), None)
