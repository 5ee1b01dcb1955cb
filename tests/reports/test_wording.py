"""The catalogue has every message, once, with the same placeholders, and no message that nothing says."""

from __future__ import annotations

from datetime import date

import pytest

from reports.words.catalogue import Wording
from surveys.core.errors import SpecError
from surveys.core.results import Note
from surveys.core.singulars import SINGULARS
from surveys.languages.rules import NARROW
from tests.reports.catalogue import (
    ROOT,
    find_messages,
    missing_messages,
    placeholders,
    read_catalogue,
)


def test_every_message_has_a_translation():
    missing = missing_messages()
    assert not missing, "\n".join(f"{place}: {text}" for text, place in missing.items())


def test_translations_have_the_placeholders_of_the_english():
    said = {text: str(message.string) for text, message in read_catalogue().items()}
    assert not [text for text, french in said.items() if placeholders(text) != placeholders(french)]


def test_nothing_in_the_catalogue_is_unused_or_unsure():
    files = [file for package in ("surveys", "churn", "reports") for file in sorted((ROOT / package).rglob("*.py"))]
    code = "".join(file.read_text(encoding="utf-8") for file in files)
    said = find_messages()
    assert not [text for text in read_catalogue() if text not in said and text not in code]
    assert not [text for text, message in read_catalogue().items() if message.fuzzy]


def test_the_catalogue_is_in_order():
    ids = [text.casefold() for text in read_catalogue()]
    assert ids == sorted(ids), "run python -m tests.reports.catalogue --sort"


def test_a_message_without_translation_is_refused_by_name():
    with pytest.raises(SpecError, match="no translation of “never said”"):
        Wording("fr").say("never said")


def test_french_words_get_french_spaces_and_values_stay_as_they_are():
    said = Wording("fr").say("{flag}: {words}", flag="a:b", words="c;d")
    assert said == f"a:b{NARROW}: c;d"


def test_a_note_prints_counts_shares_and_dates_by_language():
    note = Note("{n} events after {day} are left out", {"n": 12345, "day": date(2013, 12, 31)})
    if note.message not in read_catalogue():
        pytest.skip("the message has been reworded")
    assert "12,345" in Wording("en").note(note)
    assert f"12{NARROW}345" in Wording("fr").note(note)
    assert "décembre" in Wording("fr").note(note)


def test_a_label_falls_back_to_a_language_that_it_has():
    assert Wording("fr").label({"en": "Age"}) == "Age"
    assert Wording("en").label({"fr": "Âge", "en": "Age"}) == "Age"


def test_every_singular_is_of_a_message_and_translated():
    known = read_catalogue()
    assert not [one for many, one in SINGULARS.items() if one not in known or many not in known]
    assert not [one for many, one in SINGULARS.items() if placeholders(one) != placeholders(many)]


def test_one_event_is_no_plural():
    note = Note("{n} events after {day} are left out", {"n": 1, "day": "2013-12-31"})
    assert str(note) == "1 event after 2013-12-31 is left out"
    assert Wording("fr").note(note) == "1 événement après 2013-12-31 est écarté"
