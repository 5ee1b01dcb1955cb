"""Setting a document as PDF: tagged, archival, and the same bytes every time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from reports.document.blocks import Document
from reports.document.coverage import FONTS, check_coverage
from reports.document.describe import describe_document

TEMPLATES = Path(__file__).parent.parent / "look" / "templates"
STANDARDS = ["a-2b", "ua-1"]


def render_pdf(document: Document) -> bytes:
    """
    Set a document as PDF/A-2b and PDF/UA-1.

    Parameters
    ----------
    document : Document
        The report.

    Returns
    -------
    bytes
        The same for the same document; dated by the document, not by the clock.

    Raises
    ------
    StudyError
        If a text holds a character that the fonts do not have.

    Examples
    --------
    >>> import datetime
    >>> render_pdf(Document(language="en", title="Report", subtitle="", author="", date=datetime.date(2013, 12, 31),
    ...                     notice="", blocks=()))[:5]
    b'%PDF-'
    """
    check_coverage(document)
    noon = datetime(document.date.year, document.date.month, document.date.day, 12, tzinfo=UTC)
    pdf: bytes = _compiler().compile(
        format="pdf",
        pdf_standards=STANDARDS,
        timestamp=int(noon.timestamp()),
        sys_inputs={"report": json.dumps(describe_document(document), ensure_ascii=False, allow_nan=False)},
    )
    return pdf


@cache
def _compiler() -> Any:
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    return typst.Compiler(TEMPLATES / "report.typ", root=TEMPLATES, font_paths=fonts, sys_inputs={"report": "{}"})
