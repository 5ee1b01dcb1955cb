"""What every table of `study.toml` shares: refusal of unknown keys, labels in two languages, codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from surveys.core.reads import WHOLE, Place, open_reader, unnoted
from surveys.languages.rules import language_codes


def _known_language(code: str) -> str:
    if code not in language_codes():
        raise ValueError(f"expected one of {', '.join(language_codes())}")
    return code


Language = Annotated[str, AfterValidator(_known_language)]
"""Code of a language that has registered."""
Code = int | float | str
Label = str | dict[Language, str]
Columns = str | tuple[str, ...]


class Section(BaseModel):
    """
    A table of `study.toml`; unknown keys are refused, and so are nan and inf, which TOML knows as numbers.

    While a `Reader` is open, it is told of what is asked of a table.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def __getattribute__(self, name: str) -> Any:
        """Give an attribute, and tell the open reader."""
        reader = open_reader()
        if reader is not None:
            if name in type(self).__pydantic_fields__:
                reader.note_attribute(self, name)
            elif name == "__dict__":
                reader.note_attribute(self, WHOLE)
        return super().__getattribute__(name)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy a table; what is read of the copy is read of the table, but for what is replaced."""
        with unnoted():
            copied = super().model_copy(update=update, deep=deep)
        reader = open_reader()
        if reader is not None:
            reader.adopt(copied, self, tuple(update or ()))
        return copied

    def tables(self) -> Iterator[tuple[Place, Section]]:
        """Go through the tables inside, each with its place in this one."""
        for name in type(self).__pydantic_fields__:
            for place, table in _tables_in(getattr(self, name)):
                yield (name, *place), table


def _tables_in(value: object) -> Iterator[tuple[Place, Section]]:
    if isinstance(value, Section):
        yield (), value
        yield from value.tables()
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from (((key, *place), table) for place, table in _tables_in(one))
    elif isinstance(value, tuple | list):
        for i, one in enumerate(value):
            yield from (((i, *place), table) for place, table in _tables_in(one))


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
