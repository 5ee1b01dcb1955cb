"""Surveys: what was asked, of whom, and what they said."""

from __future__ import annotations

from importlib import import_module

_WHERE = {
    "Agreement": "coding.agreement",
    "Answer": "study.fields",
    "BannerTable": "tables.crosstabs",
    "Calibrate": "weighting.recipe",
    "Codebook": "data.codebook",
    "CodedShares": "coding.shares",
    "Contrast": "estimates.contrasts",
    "Design": "design.design",
    "DesignReport": "samples.design_report",
    "Disclosure": "tables.disclosure",
    "Estimate": "core.results",
    "EstimateError": "core.errors",
    "Estimates": "estimates.means",
    "Funnel": "funnel.funnel",
    "GlmResult": "models.glm",
    "GroupGap": "funnel.group_gaps",
    "IndependenceTest": "comparisons.independence",
    "Item": "data.codebook",
    "Microdata": "data.read",
    "Note": "core.results",
    "PairwiseDifferences": "comparisons.groups",
    "PostStratify": "weighting.recipe",
    "Problem": "core.errors",
    "PublishedFigures": "published.figures",
    "Quantiles": "estimates.quantiles",
    "Rake": "weighting.recipe",
    "RankTest": "comparisons.groups",
    "ReplicateDesign": "design.replicates",
    "ResponseSet": "data.codebook",
    "Sample": "samples.sample",
    "Shares": "funnel.shares",
    "SpecError": "core.errors",
    "Study": "study.schema",
    "StudyError": "core.errors",
    "Survey": "study.schema",
    "SurveyGlm": "models.glm",
    "Trim": "weighting.recipe",
    "Unavailable": "core.results",
    "WaveChanges": "funnel.waves",
    "WeightingRecipe": "weighting.recipe",
    "bootstrap": "design.replicates",
    "build_tables": "tables.banners",
    "cohen_kappa": "coding.agreement",
    "combine": "estimates.means",
    "compare_waves": "funnel.waves",
    "describe_design": "samples.design_report",
    "design_effect": "estimates.dispersion",
    "disclose": "tables.disclosure",
    "estimate_funnel": "funnel.funnel",
    "estimate_shares": "funnel.shares",
    "fleiss_kappa": "coding.agreement",
    "independence_test": "comparisons.independence",
    "jackknife": "design.replicates",
    "kish": "weighting.recipe",
    "krippendorff_alpha": "coding.agreement",
    "mean": "estimates.means",
    "pairwise_differences": "comparisons.groups",
    "proportion": "estimates.means",
    "proportion_interval": "core.intervals",
    "quantile": "estimates.quantiles",
    "rank_test": "comparisons.groups",
    "ratio": "estimates.means",
    "read_microdata": "data.read",
    "read_published": "published.figures",
    "read_sample": "samples.sample",
    "read_study": "study.file",
    "reweight": "weighting.recipe",
    "share_of_codes": "coding.shares",
    "share_of_counts": "coding.shares",
    "t_test": "comparisons.groups",
    "tabulate": "tables.crosstabs",
    "total": "estimates.means",
    "variance": "estimates.dispersion",
    "widest_gap": "funnel.group_gaps",
    "wilson_interval": "core.intervals",
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
