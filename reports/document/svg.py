"""Making a drawing part of a web page: no identifier twice, no style that a strict page would refuse."""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

LEFT_OUT = {"metadata", "style", "title", "desc"}
INHERITED = {"stroke-linejoin": "round", "stroke-linecap": "butt"}
"""What matplotlib says of every mark in a style sheet, which is left out."""

_LINK = re.compile(r"url\(#([^)]+)\)")


def inline_svg(svg: str, prefix: str) -> str:
    """
    Make a drawing fit to stand in a page beside others.

    Identifiers get a prefix, and those that nothing refers to are dropped; style attributes become
    presentation attributes; metadata and style sheets go; size is left to the page.

    Parameters
    ----------
    svg : str
        As `reports.look.theme.figure_to_svg` gives it.
    prefix : str
        Unique in the page, such as the figure's anchor.

    Returns
    -------
    str
        One `svg` element, hidden from screen readers: the figure's words stand beside it.

    Examples
    --------
    >>> drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9pt" viewBox="0 0 9 9"><g style="fill: red"/></svg>'
    >>> inline_svg(drawing, "f")
    '<svg viewBox="0 0 9 9" stroke-linejoin="round" stroke-linecap="butt" aria-hidden="true"><g fill="red" /></svg>'
    """
    root = ElementTree.fromstring(svg.encode())
    used = {name for element in root.iter() for name in _links(element)}
    _clean(root, prefix, used)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib.update(INHERITED | {"aria-hidden": "true"})
    return ElementTree.tostring(root, encoding="unicode")


def _clean(element: Element, prefix: str, used: set[str]) -> None:
    for child in list(element):
        if _local(child.tag) in LEFT_OUT:
            element.remove(child)
        else:
            _clean(child, prefix, used)
    element.tag = _local(element.tag)
    element.attrib = _attributes(element, prefix, used)
    if element.tag not in {"text", "tspan"}:
        element.text = None
        for child in element:
            child.tail = None


def _attributes(element: Element, prefix: str, used: set[str]) -> dict[str, str]:
    attributes = {_local(name): " ".join(value.split()) for name, value in element.attrib.items()}
    style = attributes.pop("style", "")
    parts = (part.partition(":") for part in style.split(";"))
    attributes |= {name.strip(): value.strip() for name, _, value in parts if value}
    if attributes.get("id") not in used:
        attributes.pop("id", None)
    return {name: _point(name, value, prefix) for name, value in attributes.items()}


def _point(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return f"{prefix}-{value}"
    if name == "href" and value.startswith("#"):
        return f"#{prefix}-{value[1:]}"
    return _LINK.sub(rf"url(#{prefix}-\1)", value)


def _links(element: Element) -> set[str]:
    values = element.attrib.items()
    direct = {value[1:] for name, value in values if _local(name) == "href" and value.startswith("#")}
    return direct | {name for _, value in values for name in _LINK.findall(value)}


def _local(name: str) -> str:
    return name.rpartition("}")[2]
