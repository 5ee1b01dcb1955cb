"""Surveys: what was asked, of whom, and what they said."""

from __future__ import annotations

from importlib import import_module

_WHERE = {
    "Agreement": "agreement",
    "Answer": "section",
    "BannerTable": "crosstabs",
    "Calibrate": "weighting",
    "Codebook": "codebook",
    "CodedShares": "coding",
    "Contrast": "contrasts",
    "Design": "design",
    "DesignReport": "design_report",
    "Disclosure": "disclosure",
    "Estimate": "results",
    "EstimateError": "errors",
    "Estimates": "estimates",
    "Funnel": "funnel",
    "GlmResult": "regression",
    "GroupGap": "group_gaps",
    "IndependenceTest": "association",
    "Item": "codebook",
    "Microdata": "sources",
    "Note": "results",
    "PairwiseDifferences": "comparisons",
    "PostStratify": "weighting",
    "Problem": "errors",
    "PublishedFigures": "published",
    "Quantiles": "quantiles",
    "Rake": "weighting",
    "RankTest": "comparisons",
    "ReplicateDesign": "replicates",
    "ResponseSet": "codebook",
    "Sample": "sample",
    "Shares": "shares",
    "SpecError": "errors",
    "Study": "study",
    "StudyError": "errors",
    "Survey": "study",
    "SurveyGlm": "regression",
    "Trim": "weighting",
    "Unavailable": "results",
    "WaveChanges": "waves",
    "WeightingRecipe": "weighting",
    "bootstrap": "replicates",
    "build_tables": "banners",
    "cohen_kappa": "agreement",
    "combine": "estimates",
    "compare_waves": "waves",
    "describe_design": "design_report",
    "design_effect": "dispersion",
    "disclose": "disclosure",
    "estimate_funnel": "funnel",
    "estimate_shares": "shares",
    "fleiss_kappa": "agreement",
    "independence_test": "association",
    "jackknife": "replicates",
    "kish": "weighting",
    "krippendorff_alpha": "agreement",
    "mean": "estimates",
    "pairwise_differences": "comparisons",
    "proportion": "estimates",
    "proportion_interval": "intervals",
    "quantile": "quantiles",
    "rank_test": "comparisons",
    "ratio": "estimates",
    "read_microdata": "sources",
    "read_published": "published",
    "read_sample": "sample",
    "read_study": "study_file",
    "reweight": "weighting",
    "share_of_codes": "coding",
    "share_of_counts": "coding",
    "t_test": "comparisons",
    "tabulate": "crosstabs",
    "total": "estimates",
    "variance": "dispersion",
    "widest_gap": "group_gaps",
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
