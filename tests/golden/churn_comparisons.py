"""Golden cases that compare groups: log-rank tests, all pairs, and mean tenures within a horizon."""

from __future__ import annotations

import numpy as np

from churn.survival.logrank import logrank, pairwise_logrank
from churn.survival.restricted_means import restricted_means
from tests.golden.churn_cases import Case, MissedError, compare, numbers
from tests.golden.churn_cox import in_any_order
from tests.golden.churn_curves import EXACT, count_rows, joined
from tests.golden.notation import labels, listed


def names_of_strata(case: Case) -> list[str]:
    return listed(case.args.get("strata"))


def run_logrank(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    group, strata = joined(args["group"]), names_of_strata(case)
    found = logrank(count_rows(case, [group, *strata]), by=group, strata=strata, rho=args.get("rho") or 0)
    theirs = [labels(name) for name in expected["groups"]]
    if set(found.levels) != set(theirs):
        raise MissedError(f"groups {found.levels}, expected {theirs}")
    order = [found.levels.index(name) for name in theirs]
    for name, ours in (("observed", found.observed), ("expected", found.expected)):
        compare(name, ours[order], expected[name], EXACT)
    if expected.get("expected_by_stratum") is not None:
        kinds = ("expected", "observed")
        ours = np.hstack([found.by_stratum[kind].to_numpy().reshape(-1, len(order))[:, order] for kind in kinds])
        told = np.hstack([rows(expected[f"{kind}_by_stratum"]).T for kind in kinds])
        compare("by stratum", in_any_order(ours).ravel(), in_any_order(told).ravel(), EXACT)
    if args.get("counts") is None:
        compare("n", found.n[order], expected["n"], 0)
    compare("var", found.covariance[np.ix_(order, order)], rows(expected["var"]), EXACT)
    compare("chisq", found.chi_squared, expected["chisq"], EXACT)
    compare("df", found.df, expected["df"], 0)
    compare("p", found.p_value, expected["p"], EXACT)
    return "everything"


def rows(matrix: list[list[float]]) -> np.ndarray:
    return np.array([numbers(row) for row in matrix])


def run_pairwise(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    group = joined(args["group"])
    counts = count_rows(case, [group, *names_of_strata(case)])
    for adjustment, name in (("none", "p"), ("holm", "holm"), ("fdr", "bh"), ("bonferroni", "bonferroni")):
        found = pairwise_logrank(
            counts, by=group, adjustment=adjustment, strata=names_of_strata(case), rho=args.get("rho") or 0
        )
        place = {frozenset(pair): i for i, pair in enumerate(zip(found.first, found.second, strict=True))}
        order = [
            place[frozenset(labels(str(level)) for level in pair)]
            for pair in zip(expected["a"], expected["b"], strict=True)
        ]
        compare("chisq", found.chi_squared[order], expected["chisq"], EXACT)
        compare(name, found.p_adjusted[order], expected[name], EXACT)
    return "everything"


def run_rmst_difference(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    levels, group = [labels(name) for name in expected["groups"]], joined(args["group"])
    found = restricted_means(count_rows(case, [group]), by=group, until=args["tau"], reference=levels[0])
    order = [found.levels.index(level) for level in levels]
    compare("rmst", found.estimate[order], expected["rmst"], EXACT)
    compare("se", found.std_error[order], expected["se"], EXACT)
    second = order[1]
    compare("diff", found.difference[second], expected["diff"], EXACT)
    compare("se_diff", found.difference_std_error[second], expected["se_diff"], EXACT)
    compare("z", found.z[second], expected["z"], EXACT)
    return "everything"
