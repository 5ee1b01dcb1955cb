"""The words of a report in its language, from a gettext catalogue whose keys are the English texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from reports.words.agreement import agreeing
from reports.words.numbers import Numbers
from reports.words.typography import shown_text, typographic
from surveys.core.errors import SpecError
from surveys.core.results import Note, NoteValue
from surveys.languages.rules import rules_of
from surveys.study.fields import Label, Language

LOCALE = Path(__file__).parent / "locale"


class Wording:
    """
    Words in one language.

    Parameters
    ----------
    language : {"fr", "en"}
        English needs no catalogue.

    Examples
    --------
    >>> Wording("fr").say("Days since sign-up")
    'Jours depuis l’inscription'
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self.numbers = Numbers(language)

    def say(self, message: str, /, **values: str) -> str:
        """
        Say a message.

        Parameters
        ----------
        message : str
            In English, with named placeholders.
        **values : str
            What goes into the placeholders, printed already.

        Returns
        -------
        str
            In the language of the report, with its typography.

        Raises
        ------
        SpecError
            If the catalogue does not know the message.

        Examples
        --------
        >>> Wording("en").say("{days} days", days="30")
        '30 days'
        """
        shown = {name: shown_text(value) for name, value in values.items()}
        return typographic(agreeing(self._translated(message), shown, self.language).format_map(shown), self.language)

    def note(self, note: Note) -> str:
        """
        Say a caveat, its numbers printed as the language does.

        Parameters
        ----------
        note : Note
            Whole numbers are counts, a Decimal keeps its decimals, other numbers are shares, text that is a
            word of the catalogue and a note are translated.

        Returns
        -------
        str
            In the language of the report.

        Raises
        ------
        SpecError
            If the catalogue does not know the message.

        Examples
        --------
        >>> Wording("en").note(Note("the survey names no population"))
        'the survey names no population'
        """
        return self.say(note.worded, **{key: self._value(value) for key, value in note.values.items()})

    def label(self, label: Label) -> str:
        """
        Say a label of the study.

        Parameters
        ----------
        label : str or dict
            One text for every language, or one for each.

        Returns
        -------
        str
            The text for the report's language, or the first one where it has none.

        Examples
        --------
        >>> Wording("fr").label({"en": "Age", "fr": "Âge"}), Wording("fr").label("Twitter")
        ('Âge', 'Twitter')
        """
        text = label if isinstance(label, str) else label.get(self.language) or next(iter(label.values()))
        return typographic(text, self.language)

    def _value(self, value: NoteValue) -> str:
        match value:
            case Note():
                return self.note(value)
            case str():
                return _catalogue(self.language).get(value, value)
            case date():
                return self.numbers.date(value)
            case int():
                return self.numbers.count(value)
            case Decimal():
                return self.numbers.number(float(value), max(0, -int(value.as_tuple().exponent)))
            case _:
                return self.numbers.share(value, digits=1)

    def _translated(self, message: str) -> str:
        if self.language == "en":
            return message
        try:
            return _ADDED.get(self.language, {}).get(message) or _catalogue(self.language)[message]
        except KeyError:
            if not rules_of(self.language).complete:
                return message
            place = f"{self.language}.po"
            raise SpecError.at(place, f"no translation of “{message}”", "Add it to the catalogue") from None


_ADDED: dict[Language, dict[str, str]] = {}


def add_words(language: Language, words: Mapping[str, str]) -> None:
    """
    Add translations of messages that come from elsewhere, such as from a rule of dropout of one's own.

    Parameters
    ----------
    language : {"fr"}
        Of the translations.
    words : mapping of str to str
        By the message in English; placeholders are the same in both.

    Examples
    --------
    >>> add_words("fr", {"nobody ever leaves": "personne ne part jamais"})
    >>> Wording("fr").say("nobody ever leaves")
    'personne ne part jamais'
    >>> withdraw_words("fr", ["nobody ever leaves"])
    """
    _ADDED.setdefault(language, {}).update(words)


def withdraw_words(language: Language, messages: Iterable[str]) -> None:
    """Forget translations that were added."""
    for message in messages:
        _ADDED.get(language, {}).pop(message, None)
    if not _ADDED.get(language):
        _ADDED.pop(language, None)


def added_words() -> Mapping[Language, Mapping[str, str]]:
    """Give the translations that were added, by language and message."""
    return _ADDED


@cache
def _catalogue(language: Language) -> Mapping[str, str]:
    if language == "en":
        return {}
    with (rules_of(language).words or LOCALE / f"{language}.po").open("rb") as stream:
        return {str(message.id): str(message.string) for message in read_po(stream) if message.id and message.string}
