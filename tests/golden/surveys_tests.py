"""What golden cases of tests and regressions ask, said with the public API."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from surveys.comparisons.groups import rank_test, t_test
from surveys.comparisons.independence import STATISTICS as TABLE_STATISTICS
from surveys.comparisons.independence import independence_test
from surveys.design.replicates import ReplicateDesign
from surveys.models.glm import SurveyGlm
from tests.golden.comparing import Comparison, numbers
from tests.golden.notation import listed, order_levels, undotted

if TYPE_CHECKING:
    from tests.golden.surveys_adapters import Setting

MODEL = 1e-6
SADDLEPOINT = 1e-4


def _cut_short(ddf: float) -> bool:
    """Tell whether rounding errors make R count one degree of freedom fewer in a saddlepoint approximation."""
    return ddf < round(ddf) and round(ddf) - ddf < 1e-9


def say_rao_scott(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    """Compare every statistic of a table; R's lincom is a saddlepoint approximation where CompQuadForm is absent."""
    args, expect = case["args"], case["expect"]
    row, column = setting.frame[args["row"]], setting.frame[args["col"]]
    replicated = isinstance(setting.design, ReplicateDesign)
    # In a domain of a calibrated design, R scales Pearson's statistic to the rows of the whole sample.
    rows = setting.design.n / setting.rows.sum() if setting.calibrated else 1.0
    for name in TABLE_STATISTICS:
        if name not in expect:
            continue
        theirs = expect[name]
        fallback = name == "lincom" and theirs["p_value"] == expect["saddlepoint"]["p_value"]
        found = independence_test(
            setting.design,
            row,
            column,
            rows=setting.rows,
            statistic="saddlepoint" if fallback else name,
            reference="chi-squared" if replicated else "F",
        )
        loose = SADDLEPOINT if name in ("lincom", "saddlepoint") else None
        scale = rows if name in ("Chisq", "lincom", "saddlepoint") else 1.0
        comparison.close(f"{name} statistic", found.value * scale, theirs["statistic"])
        comparison.close(
            f"{name} parameter", list(found.parameters.values()), numbers(list(dict(theirs["parameter"]).values()))
        )
        comparison.close(f"{name} p", found.p_value, theirs["p_value"], relative=loose)
        if "weighted_table" in expect:
            comparison.close("table", found.table, np.array(expect["weighted_table"]["counts"]))


def say_ttest(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    args, expect, frame = case["args"], case["expect"], setting.frame
    found = t_test(setting.design, frame[args["y"]], frame[args["group"]], rows=setting.rows)
    comparison.close("estimate", found.estimate, expect["estimate"])
    comparison.close("t", found.t, expect["t"])
    comparison.close("df", found.df, expect["df"])
    comparison.close("p", found.p_value, expect["p_value"], relative=1e-8)
    comparison.close("ci", [found.conf_low, found.conf_high], numbers(expect["ci95"]), found.std_error)


def say_ranktest(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    """Compare a rank test; for several groups R gives ndf as the statistic and chi-squared as the parameter."""
    args, expect, frame = case["args"], case["expect"], setting.frame
    found = rank_test(setting.design, frame[args["y"]], frame[args["group"]], rows=setting.rows, test=args["test"])
    if len(found.levels) == 2 and expect["estimate"] != []:
        comparison.close("estimate", found.estimate, expect["estimate"])
        comparison.close("statistic", found.statistic, expect["statistic"])
        comparison.close("df", found.ddf, expect["df"])
    else:
        comparison.close("ndf", found.ndf, expect["statistic"])
        comparison.close("chi-squared", found.statistic * found.ndf, expect["df"])
    comparison.close("p", found.p_value, expect["p_value"], relative=1e-8)


def say_glm(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    """Compare a regression; names of coefficients are written as R writes them."""
    args, expect = case["args"], case["expect"]
    comparison.relative = MODEL
    family, _, link = args["family"].rstrip(")").partition("(")
    frame, dots = undotted(setting.frame)
    formula = dots(_as_python(args["formula"]))
    frame = order_levels(frame, [dots(name) for name in expect["estimate"]], frame.columns)
    found = SurveyGlm(formula, family, link or None).fit(setting.design, frame, rows=setting.rows)
    names = [re.sub(r"\[(?:T\.)?([^\]]*)\]", r"\1", str(name)) for name in found.index]
    names = ["(Intercept)" if name == "Intercept" else name for name in names]
    order = [names.index(dots(name)) for name in expect["estimate"]]
    se = numbers(expect["se"].values())
    comparison.close("estimate", found.estimate[order], numbers(expect["estimate"].values()), se)
    comparison.close("se", found.std_error[order], se)
    comparison.close("vcov", found.covariance[np.ix_(order, order)], np.array(expect["vcov"]), np.outer(se, se))
    comparison.close("df", found.df, expect["df_resid"])
    comparison.close("t", found.statistic[order], numbers(expect["t"].values()))
    comparison.close("p", found.p_value[order], numbers(expect["p_value"].values()))
    if not setting.calibrated or setting.rows.all():  # R counts the rows outside a domain of a calibrated design
        comparison.close("n", found.n, expect["n"])
    for key, test in expect.items():
        if key.startswith("wald_F:"):
            ours = found.wald_test(dots(key.removeprefix("wald_F:")))
            comparison.close(key, [ours.statistic, ours.ndf, ours.ddf], [test["F"], test["df"], test["ddf"]])
            comparison.close(f"{key} p", ours.p_value, test["p_value"])


def _as_python(formula: str) -> str:
    """Write what a formula of R says of levels in the words of Python."""
    formula = re.sub(r"as\.factor\(", "factor(", formula)
    return re.sub(r"\bTRUE\b", "True", re.sub(r"\bFALSE\b", "False", formula))


def say_discrete(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    """Compare a discrete hazard: a regression of leaving on the periods lived, one row for each."""
    args = case["args"]
    formula = args.get("formula")
    if formula is None:
        periods = f"factor({args['period']})" if args.get("period_effect", "factor") == "factor" else args["period"]
        formula = f"{args['event']} ~ {' + '.join(['0', periods, *listed(args.get('covariates'))])}"
    family = args.get("family") or f"quasibinomial({args.get('link', 'cloglog')})"
    say_glm(case | {"args": {"formula": formula, "family": family}}, setting, comparison, case_id)


STATISTICS: dict[str, Callable[[dict[str, Any], Setting, Comparison, str], None]] = {
    "rao_scott": say_rao_scott,
    "glm": say_glm,
    "discrete_hazard": say_discrete,
    "discrete_time_hazard": say_discrete,
    "ttest": say_ttest,
    "ranktest": say_ranktest,
}
