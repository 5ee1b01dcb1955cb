"""The twin of the PDF: one web page that holds everything, asks for nothing and runs nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from reports.document.blocks import Document
from reports.document.describe import describe_document
from reports.document.svg import inline_svg
from reports.words.catalogue import Wording

HERE = Path(__file__).parent.parent / "look"
RANGE = re.compile(r"[\d.,]+–[\d.,]+%?")
FACES = (
    ("Report Sans", 400, "normal", "ReportSans-Regular"),
    ("Report Sans", 400, "italic", "ReportSans-It"),
    ("Report Sans", 600, "normal", "ReportSans-Semibold"),
    ("Report Serif", 400, "normal", "ReportSerif-Regular"),
    ("Report Serif", 600, "normal", "ReportSerif-Semibold"),
)


def render_html(document: Document) -> str:
    """
    Set a document as one self-contained web page.

    Its content policy allows the page's own style sheet and embedded fonts, and nothing else: no
    script, no request, no style attribute. Every text is escaped.

    Parameters
    ----------
    document : Document
        The report.

    Returns
    -------
    str
        HTML, the same for the same document.

    Examples
    --------
    >>> import datetime
    >>> page = render_html(Document(language="fr", title="Rapport <b>", subtitle="", author="",
    ...                             date=datetime.date(2013, 12, 31), notice="", blocks=()))
    >>> "<title>Rapport &lt;b&gt;</title>" in page
    True
    """
    style = _style_sheet()
    report = describe_document(document)
    page: str = _template().render(
        report=report,
        notes=_number_footnotes(report["blocks"], Wording(document.language)),
        drawings={
            block["anchor"]: Markup(inline_svg(block["svg"], block["anchor"]))
            for block in report["blocks"]
            if block["kind"] == "figure"
        },
        style=Markup(style),
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        date=document.date.isoformat(),
    )
    return page


def _number_footnotes(blocks: list[dict[str, Any]], wording: Wording) -> list[dict[str, str]]:
    """Write its number and its name into every footnote, and give them in order."""
    runs = [run for block in blocks if block["kind"] == "paragraph" for run in block["runs"] if run["kind"] == "note"]
    for index, run in enumerate(runs, start=1):
        number = str(index)
        run["number"] = number
        run["name"] = wording.say("Note {number}", number=number)
        run["back"] = wording.say("Back to the call of note {number}", number=number)
    return runs


def _unbroken(text: str) -> Markup:
    """Keep the two ends of an interval on one line."""
    return Markup(RANGE.sub(r'<span class="range">\g<0></span>', str(escape(text))))


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = _unbroken
    return environment.get_template("report.html.j2")


@cache
def _style_sheet() -> str:
    faces = [
        f'@font-face{{font-family:"{family}";font-weight:{weight};font-style:{slant};font-display:block;'
        f'src:url(data:font/woff2;base64,{_encoded(file)}) format("woff2")}}'
        for family, weight, slant, file in FACES
    ]
    return "\n".join([*faces, (HERE / "templates" / "report.css").read_text(encoding="utf-8")])


def _encoded(file: str) -> str:
    return base64.b64encode((HERE / "fonts" / "web" / f"{file}.woff2").read_bytes()).decode()
