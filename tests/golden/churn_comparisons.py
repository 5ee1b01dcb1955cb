"""Golden cases that compare groups: log-rank tests, all pairs, and mean tenures within a horizon."""

from __future__ import annotations

import numpy as np

from churn.compare import logrank, pairwise_logrank
from churn.mean_tenures import restricted_means
from tests.golden.churn_cases import Case, MissedError, compare, numbers
from tests.golden.churn_curves import EXACT, count_rows


def names_of_strata(case: Case) -> list[str]:
    strata = case.args.get("strata") or []
    return [strata] if isinstance(strata, str) else list(strata)


def run_logrank(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    group, strata = args["group"], names_of_strata(case)
    found = logrank(count_rows(case, [group, *strata]), by=group, strata=strata, rho=args.get("rho") or 0)
    theirs = [name.partition("=")[2].strip() for name in expected["groups"]]
    if set(found.levels) != set(theirs):
        raise MissedError(f"groups {found.levels}, expected {theirs}")
    order = [found.levels.index(name) for name in theirs]
    for name, ours in (("observed", found.observed), ("expected", found.expected)):
        compare(name, ours[order], expected[name], EXACT)
        if expected.get(f"{name}_by_stratum") is not None:
            table = found.by_stratum[name].to_numpy().reshape(-1, len(order)).T[order]
            compare(f"{name} by stratum", table, rows(expected[f"{name}_by_stratum"]), EXACT)
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
    counts = count_rows(case, [args["group"], *names_of_strata(case)])
    for adjustment, name in (("none", "p"), ("holm", "holm"), ("fdr", "bh"), ("bonferroni", "bonferroni")):
        found = pairwise_logrank(
            counts, by=args["group"], adjustment=adjustment, strata=names_of_strata(case), rho=args.get("rho") or 0
        )
        place = {frozenset(pair): i for i, pair in enumerate(zip(found.first, found.second, strict=True))}
        order = [place[frozenset(map(str, pair))] for pair in zip(expected["a"], expected["b"], strict=True)]
        compare("chisq", found.chi_squared[order], expected["chisq"], EXACT)
        compare(name, found.p_adjusted[order], expected[name], EXACT)
    return "everything"


def run_rmst_difference(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    levels = [name.partition("=")[2].strip() for name in expected["groups"]]
    found = restricted_means(
        count_rows(case, [args["group"]]), by=args["group"], until=args["tau"], reference=levels[0]
    )
    order = [found.levels.index(level) for level in levels]
    compare("rmst", found.estimate[order], expected["rmst"], EXACT)
    compare("se", found.std_error[order], expected["se"], EXACT)
    second = order[1]
    compare("diff", found.difference[second], expected["diff"], EXACT)
    compare("se_diff", found.difference_std_error[second], expected["se_diff"], EXACT)
    compare("z", found.z[second], expected["z"], EXACT)
    return "everything"
