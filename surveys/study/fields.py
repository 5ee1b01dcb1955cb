"""What every table of `study.toml` shares: refusal of unknown keys, labels in two languages, codes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["fr", "en"]
Code = int | float | str
Label = str | dict[Language, str]
Columns = str | tuple[str, ...]


class Section(BaseModel):
    """A table of `study.toml`; unknown keys are refused, and so are nan and inf, which TOML knows as numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Answer(Section):
    """
    Which codes of an item mean yes, and what a question that was not asked means.

    Codes that are neither in `yes` nor in `missing` mean no; where `no` lists codes, any other code
    is refused. A blank cell is a question that was not asked; unless `not_asked` says what that
    means, blank cells are refused. So are text such as `NA` and codes labelled "Not asked", which
    `not_asked` explains too, and codes labelled "Refused", "Don't know" and the like, until they are
    listed.
    """

    item: str
    yes: tuple[Code, ...] = Field(min_length=1)
    no: tuple[Code, ...] = ()
    missing: tuple[Code, ...] = ()
    not_asked: Literal["no", "missing"] | None = None
