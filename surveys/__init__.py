"""Surveys: what was asked, of whom, and what they said."""

from __future__ import annotations

from importlib import import_module

_WHERE = {
    "Answer": "study",
    "Codebook": "codebook",
    "Contrast": "contrasts",
    "Design": "design",
    "Estimate": "results",
    "EstimateError": "errors",
    "Estimates": "estimates",
    "Funnel": "funnel",
    "Item": "codebook",
    "Microdata": "sources",
    "Note": "results",
    "Problem": "errors",
    "PublishedFigures": "published",
    "Sample": "sample",
    "Shares": "shares",
    "SpecError": "errors",
    "Study": "study",
    "StudyError": "errors",
    "Survey": "study",
    "Unavailable": "results",
    "combine": "estimates",
    "estimate_funnel": "funnel",
    "estimate_shares": "shares",
    "mean": "estimates",
    "proportion": "estimates",
    "proportion_interval": "intervals",
    "ratio": "estimates",
    "read_microdata": "sources",
    "read_published": "published",
    "read_sample": "sample",
    "read_study": "study_file",
    "total": "estimates",
    "wilson_interval": "intervals",
}

__all__ = sorted(_WHERE)


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for, so that nothing heavy is loaded before."""
    if name not in _WHERE:
        raise AttributeError(f"module 'surveys' has no attribute '{name}'")
    return getattr(import_module(f"surveys.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
