"""Workbooks of Excel 2007 or later, whatever their names."""

from __future__ import annotations

import zipfile
from pathlib import Path

from surveys.data.formats import SurveyFormat, register_format
from surveys.data.microdata import Microdata
from surveys.data.web_exports import describe_export


def _read(path: Path, encoding: str | None) -> Microdata:
    from surveys.data.excel import read_workbook

    sheet = read_workbook(path)
    book, told = describe_export(sheet.frame, sheet.heading)
    return Microdata(
        place=path.name,
        frame=sheet.frame,
        codebook=book,
        lines=sheet.lines,
        notes=(*sheet.notes, *told),
        origins=sheet.heading.imported,
    )


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


EXCEL = register_format(SurveyFormat(name="Excel", starts=(b"PK\x03\x04",), matches=_is_workbook, read=_read))
