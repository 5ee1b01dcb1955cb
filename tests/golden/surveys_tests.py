"""What golden cases of tests and regressions ask, said with the public API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from surveys.association import STATISTICS as TABLE_STATISTICS
from surveys.association import independence_test
from surveys.comparisons import rank_test, t_test
from tests.golden.comparing import Comparison, numbers

if TYPE_CHECKING:
    from tests.golden.surveys_adapters import Setting

SADDLEPOINT = 1e-4


def say_rao_scott(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    """Compare every statistic of a table; R's lincom is a saddlepoint approximation where CompQuadForm is absent."""
    args, expect = case["args"], case["expect"]
    row, column = setting.frame[args["row"]], setting.frame[args["col"]]
    replicated = type(setting.design).__name__ != "Design"
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
        comparison.close(f"{name} statistic", found.value, theirs["statistic"])
        comparison.close(f"{name} parameter", list(found.parameters.values()), numbers(list(dict(theirs["parameter"]).values())))
        comparison.close(f"{name} p", found.p_value, theirs["p_value"], relative=loose or 1e-8)
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


STATISTICS: dict[str, Callable[[dict[str, Any], Setting, Comparison, str], None]] = {
    "rao_scott": say_rao_scott,
    "ttest": say_ttest,
    "ranktest": say_ranktest,
}
