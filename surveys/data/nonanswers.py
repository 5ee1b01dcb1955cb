"""Telling answers from what files write in their place: `NA`, `Refused`, `Not asked`, `Sans réponse`."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from surveys.data.codebook import Code, Item, format_code

Kind = Literal["blank", "not asked", "no answer"]


def _phrases(listed: str) -> frozenset[str]:
    return frozenset(" ".join(phrase.split()) for phrase in listed.split(";"))


BLANK = frozenset({"na", "n/a", "n.a", "n.a.", "#n/a", "<na>", "nan", "null", "#null!", "(null)", "<null>", ".", "-"})
BLANK_AS_WRITTEN = frozenset({"None"})
NOT_ASKED = _phrases(
    """
    not asked; question not asked; not asked in this wave; not administered; not applicable;
    inapplicable; iap; skipped; skip; legitimate skip; valid skip; not in universe; filtered; filtered
    out; non posee; question non posee; pas posee; non demande; sans objet; non concerne; non concernee;
    non concernes; non applicable; filtre; question filtree
    """
)
NO_ANSWER = _phrases(
    """
    refused; refusal; refuse; refused to answer; refused to say; declined; declined to answer; prefer
    not to say; prefer not to answer; prefer not to respond; rather not say; don't know; do not know;
    dont know; i don't know; dk; ref; rf; not sure; no answer; no response; no reply; not answered;
    unanswered; not stated; not ascertained; nonresponse; non-response; item nonresponse; missing;
    unknown; web blank; answer missing; sans reponse; pas de reponse; aucune reponse; non reponse;
    non-reponse; nsp; nr; nspp; ne sait pas; je ne sais pas; ne sais pas; ne se prononce pas; ne
    souhaite pas repondre; ne veut pas repondre; refus; refus de repondre; a refuse; a refuse de
    repondre; refuse de repondre; ne souhaite pas se prononcer; non renseigne; non renseignee; manquant;
    manquante; donnee manquante; inconnu; inconnue
    """
)
LEADING = re.compile(r"^[-+]?\d+\s*[.:)\-–]\s*|^[(\[][^)\]]*[)\]]\s*")
TRAILING = re.compile(r"\s*[(\[][^)\]]*[)\]]$|[\s.:!]+$")


def kind_of(text: str) -> Kind | None:
    """
    Tell whether a text stands in the place of an answer.

    Parameters
    ----------
    text : str
        A cell, or the label of a code.

    Returns
    -------
    {"blank", "not asked", "no answer"} or None
        A blank as other programs write it; a question that was not asked; an answer that was not given.

    Examples
    --------
    >>> kind_of("#N/A"), kind_of("Not Asked"), kind_of("-9. Don’t know / Refused"), kind_of("Sans réponse")
    ('blank', 'not asked', 'no answer', 'no answer')
    >>> kind_of("No"), kind_of("None of these"), kind_of("Refused an invitation")
    (None, None, None)
    """
    plain = _plain(text)
    if plain in BLANK or text.strip() in BLANK_AS_WRITTEN:
        return "blank"
    short = TRAILING.sub("", TRAILING.sub("", LEADING.sub("", plain)))
    for said in (short, plain.strip("()[]"), re.split(r"\s*(?:[/,;&+]| or | ou )\s*", short)[0]):
        if said in NOT_ASKED:
            return "not asked"
        if said in NO_ANSWER:
            return "no answer"
    return None


def kind_of_code(code: Code, item: Item) -> Kind | None:
    """
    Tell whether a code stands in the place of an answer, by the label that its file gives or by itself.

    Parameters
    ----------
    code : int, float or str
        As stored.
    item : Item
        With the labels of the file.

    Returns
    -------
    {"blank", "not asked", "no answer"} or None

    Examples
    --------
    >>> kind_of_code(9, Item(name="q1", codes={1: "Yes", 9: "Refused"})), kind_of_code("NA", Item(name="q1"))
    ('no answer', 'blank')
    """
    label = item.label_of(code)
    if label is not None:
        return kind_of(label)
    return kind_of(code) if isinstance(code, str) else None


def described(code: Code, item: Item) -> str:
    """
    Write a code with the label that its file gives.

    Examples
    --------
    >>> described(9.0, Item(name="q1", codes={9: "Refused"})), described("NA", Item(name="q1"))
    ("9 'Refused'", "'NA'")
    """
    label = item.label_of(code)
    if label is not None and label != code:
        return f"{format_code(code)} '{label}'"
    return f"'{code}'" if isinstance(code, str) else format_code(code)


def _plain(text: str) -> str:
    """Fold case, accents, apostrophes and spaces."""
    folded = unicodedata.normalize("NFKD", text).casefold().replace("’", "'")
    bare = "".join(sign for sign in folded if not unicodedata.combining(sign))
    return " ".join(bare.split())
