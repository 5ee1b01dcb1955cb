"""The names of the chapters of a report, in their order."""

from __future__ import annotations

CHAPTER_NAMES = (
    "overview",
    "answers",
    "steps",
    "shares",
    "tables",
    "changes",
    "adoption",
    "staying",
    "recalls",
    "calibration",
    "network",
    "diffusion",
    "published",
    "publishers",
    "claims",
    "truth",
    "methods",
    "disclosure",
)
"""A chapter that is called as a result tells in its place why that cannot be had."""
