"""The tables of a report as CSV files, with all their digits."""

from __future__ import annotations

import pandas as pd

from churn.adoption.joint import JointFunnel
from churn.competing.curve import CumulativeIncidence
from churn.projection.projection import RetentionProjection
from reports.results.adoption import AdoptionResults
from reports.results.study import StudyResults
from surveys.core.results import Unavailable

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def table_texts(results: StudyResults) -> dict[str, str]:
    """
    Give every table that a study has data for, as CSV.

    Parameters
    ----------
    results : StudyResults
        The study's results.

    Returns
    -------
    dict of str to str
        By name.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> list(table_texts(example_results()))[:5]
    ['funnel', 'shares', 'table_steps', 'waves', 'disclosure']
    """
    return {
        name: safe_for_spreadsheets(frame).to_csv(index=False, lineterminator="\n")
        for name, frame in result_tables(results).items()
    }


def result_tables(results: StudyResults) -> dict[str, pd.DataFrame]:
    """
    Give every table that a study has data for.

    Parameters
    ----------
    results : StudyResults
        The study's results.

    Returns
    -------
    dict of str to DataFrame
        Tidy tables, by name.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> result_tables(example_results())["cohorts"].columns.tolist()[:3]
    ['cohort', 'age', 'age_to']
    """
    tables = {}
    if results.funnel is not None:
        tables["funnel"] = results.funnel.to_frame()
    if results.shares is not None:
        tables["shares"] = results.shares.to_frame()
    tables |= {f"table_{table.id.replace('-', '_')}": table.to_frame() for table in results.tables}
    if results.changes is not None:
        tables["waves"] = results.changes.to_frame()
    if results.disclosure is not None:
        tables["disclosure"] = results.disclosure.to_frame()
    if results.joint:
        tables["joint"] = _joint(results)
    if results.adoption is not None:
        tables |= _adoption(results.adoption)
    if results.staying is not None:
        tables["survival"] = results.staying.curve.to_frame()
        if isinstance(results.staying.incidence, CumulativeIncidence):
            tables["causes"] = results.staying.incidence.to_frame()
        for i, group in enumerate(results.staying.groups, start=1):
            if not isinstance(group.means, Unavailable):
                tables[f"staying_by_group_{i}"] = group.means.to_frame().assign(group=group.name)
        if isinstance(results.staying.projection, RetentionProjection):
            tables["projection"] = results.staying.projection.to_frame()
        if results.staying.activity is not None:
            said = results.staying.activity
            parts = {
                "cohorts": said.retention,
                "lifecycle": said.lifecycle,
                "definitions": said.definitions,
                "gaps": said.gaps,
            }
            tables |= {name: part.to_frame() for name, part in parts.items() if not isinstance(part, Unavailable)}
    if results.recalls:
        tables["recall"] = pd.concat([curve.to_frame() for curve in results.recalls], ignore_index=True)
    if results.claims:
        tables["claims"] = _claims(results)
        tables["claims_evidence"] = _evidence_of_claims(results)
    return tables


def safe_for_spreadsheets(frame: pd.DataFrame) -> pd.DataFrame:
    """
    Keep text from being read as a formula.

    Parameters
    ----------
    frame : DataFrame
        Any table.

    Returns
    -------
    DataFrame
        The same; text that a spreadsheet would compute has an apostrophe before it.

    Examples
    --------
    >>> safe_for_spreadsheets(pd.DataFrame({"label": ["=1+1", "plain"]}))["label"].tolist()
    ["'=1+1", 'plain']
    """
    text = frame.select_dtypes(include=["object", "string"]).columns
    guarded = {name: frame[name].map(_guard) for name in text}
    return frame.assign(**guarded)


def _guard(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _joint(results: StudyResults) -> pd.DataFrame:
    """Give the steps joined, by every measure of staying that a wave has."""
    by_log = () if results.adoption is None else results.adoption.by_log
    known = {(joint.wave, joint.staying): joint for joint in (*results.joint, *by_log)}
    frames = [
        joint.to_frame().assign(platform=joint.platform, wave=joint.wave, staying=joint.staying)
        for joint in known.values()
    ]
    return pd.concat(frames, ignore_index=True)


def _adoption(adoption: AdoptionResults) -> dict[str, pd.DataFrame]:
    """Give the funnels that others printed, what steps account for, and people on every denominator."""
    printed = [
        each.funnel.to_frame().assign(funnel=each.spec.id)
        for each in adoption.printed
        if isinstance(each.funnel, JointFunnel)
    ]
    parts = [
        each.decomposition.to_frame().assign(
            first=each.decomposition.first.wave if each.first is None else each.first.id,
            second=each.decomposition.second.wave if each.second is None else each.second.id,
        )
        for each in adoption.comparisons
    ]
    people = [counts.to_frame().assign(step=step) for step, counts in adoption.people.items()]
    measures = [] if adoption.measures is None else [adoption.measures.to_frame()]
    named = {"printed_funnels": printed, "decomposition": parts, "denominators": people, "measures": measures}
    return {name: pd.concat(frames, ignore_index=True) for name, frames in named.items() if frames}


def _evidence_of_claims(results: StudyResults) -> pd.DataFrame:
    rows = [row for checked in results.claims for row in checked.evidence_frame().to_dict("records")]
    return pd.DataFrame(rows)


def _claims(results: StudyResults) -> pd.DataFrame:
    frames = [checked.to_frame() for checked in results.claims]
    return pd.concat([frame.dropna(axis="columns", how="all") for frame in frames], ignore_index=True)
