"""
Makes the fonts of the web page from those of the PDF: smaller, compressed, and under another name.

The licence of the Source families reserves the name “Source”; a subset is a modified version, so it is
called Report Sans or Report Serif and keeps its copyright and licence. Needs `brotli`; run again
after a change of fonts:

    python -m reports.look.fonts.make_web
"""

from __future__ import annotations

from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FOLDER = Path(__file__).parent
NAMES = {"SourceSans3": "Report Sans", "SourceSerif4": "Report Serif"}
STYLES = {"Regular": "Regular", "It": "Italic", "Semibold": "SemiBold"}
CHARACTERS = [*range(0x20, 0x7F), *range(0xA0, 0x180), 0x218, 0x219, 0x21A, 0x21B, 0x2B9, *range(0x2C6, 0x2DE)]
SYMBOLS = "αβγδεκλμνπρστφχψωΔΣΩ     ‐‑‒–—‘’‚“”„†‡•…‰′″‹›⁄₀₁₂₃₄₅₆₇₈₉⁰⁴⁵⁶⁷⁸⁹ⁿ€№™←↑→↓∂∆∏∑−√∞∫≈≠≤≥■□▲▼◆●○✓✗"
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "liga", "tnum", "lnum", "sups", "subs"]


def make_web_font(source: Path, target: Path) -> None:
    """
    Make one font for the web page.

    Parameters
    ----------
    source : Path
        A TrueType font of the report.
    target : Path
        The WOFF2 file to write.
    """
    font = TTFont(source, recalcTimestamp=False)
    options = Options(flavor="woff2", layout_features=FEATURES, name_IDs=["*"], notdef_outline=True, hinting=False)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=CHARACTERS, text=SYMBOLS)
    subsetter.subset(font)
    family, style = source.stem.split("-")
    _rename(font, NAMES[family], STYLES[style])
    font.flavor = "woff2"
    font.save(target)


def _rename(font: TTFont, family: str, style: str) -> None:
    kept = {0, 13, 14}  # copyright, licence, address of the licence
    table = font["name"]
    table.names = [record for record in table.names if record.nameID in kept]
    whole = f"{family} {style}"
    new = {1: whole, 2: "Regular", 3: whole, 4: whole, 6: whole.replace(" ", "-"), 16: family, 17: style}
    for name_id, text in new.items():
        table.setName(text, name_id, 3, 1, 0x409)


if __name__ == "__main__":
    for file in sorted(FOLDER.glob("*.ttf")):
        family, style = file.stem.split("-")
        make_web_font(file, FOLDER / "web" / f"{NAMES[family].replace(' ', '')}-{style}.woff2")
