"""Notes: equal ones are one, whatever holds their values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import MappingProxyType

from surveys.core.results import Note


def test_equal_notes_hash_alike_and_are_told_once() -> None:
    values = {"n": 3, "day": date(2013, 12, 31), "c": Decimal("0.24"), "group": "age"}
    notes = [Note("{n} of {group}", values), Note("{n} of {group}", MappingProxyType(dict(reversed(values.items()))))]
    assert notes[0] == notes[1]
    assert list(dict.fromkeys([*notes, Note("other"), Note("other")])) == [notes[0], Note("other")]


def test_a_note_survives_a_journey_through_json() -> None:
    note = Note("{n} events after {day}", {"n": 3, "day": date(2013, 12, 31)})
    assert hash(Note.from_json(note.to_json())) == hash(note)
