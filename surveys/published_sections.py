"""`[published]`: figures that others printed, and which of them a study draws on."""

from __future__ import annotations

from pydantic import Field

from surveys.section import Label, Section


class OverList(Section):
    """
    `[published.over_list.NAME]`: figures, by wave, that depend on the whole list of platforms tested.

    Such as the share who are members of any of them: where the list grew, the series is broken.
    """

    label: Label
    figure: dict[str, str] = Field(min_length=1)


class Published(Section):
    """`[published]`: figures that others printed, and which of them are this study's own series."""

    file: str
    country: str | None = None
    publisher: str | None = None
    base: str | None = None
    platform: dict[str, str] = Field(default_factory=dict)
    wave: dict[str, str] = Field(default_factory=dict)
    over_list: dict[str, OverList] = Field(default_factory=dict)
