"""French spaces where a French typographer puts them, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.words.typography import quote, typographic

N = "\u202f"


@pytest.mark.parametrize(
    ("authored", "set_"),
    [
        ("Pourquoi ?", f"Pourquoi{N}?"),
        ("Pourquoi?", f"Pourquoi{N}?"),
        ("Quoi ?!", f"Quoi{N}?!"),
        ("un : deux ; trois !", f"un{N}: deux{N}; trois{N}!"),
        ("28 % des gens", f"28{N}% des gens"),
        ("{share} % : {n}", f"{{share}}{N}%{N}: {{n}}"),
        ("« génération Y »", f"«{N}génération Y{N}»"),
        ("«génération Y»", f"«{N}génération Y{N}»"),
        ("l'écart d'« un »", f"l’écart d’«{N}un{N}»"),
        ("à 12:30, rapport 3:1", "à 12:30, rapport 3:1"),
        ("voir https://www.insee.fr/a?b=1;c", "voir https://www.insee.fr/a?b=1;c"),
        ("(?)", "(?)"),
        ("(Base : tous)", f"(Base{N}: tous)"),
        ("la fin.", "la fin."),
    ],
)
def test_french_text_gets_its_spaces(authored, set_):
    assert typographic(authored, "fr") == set_


def test_english_text_keeps_its_spaces():
    assert typographic("Why? 28%: don't know; “so”", "en") == "Why? 28%: don’t know; “so”"


@given(st.text(alphabet="ab1 :;!?%«»'.(){}/\u00a0\u202f", max_size=30), st.sampled_from(["fr", "en"]))
def test_doing_it_twice_changes_nothing_more(text, language):
    once = typographic(text, language)
    assert typographic(once, language) == once


@given(st.text(alphabet="ab1 :;!?%«».(){}/\u00a0\u202f", max_size=30))
def test_only_spaces_change(text):
    def bare(it: str) -> str:
        return "".join(it.split())

    assert bare(typographic(text, "fr")) == bare(text)


def test_quotation_marks_are_those_of_the_language():
    assert quote("si", "fr") == f"«{N}si{N}»"
    assert quote("so", "en") == "“so”"
