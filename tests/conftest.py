"""Prints the tally of golden cases below the test results, from one process or several; properties have time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

from tests.golden import report

COMPARED = re.compile(r"^from lifelines", re.M)

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True, scope="session")
def _kept_here_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep results where this run alone finds them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHURN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out files that compare with lifelines where it is not installed, as beside pandas 3."""
    if find_spec("lifelines") is not None or collection_path.suffix != ".py":
        return None
    return True if COMPARED.search(collection_path.read_text(encoding="utf-8")) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave longer checks out unless they are asked for with -m slow, and examples of lifelines where it is not."""
    if find_spec("lifelines") is None:
        for item in items:
            if "lifelines" in item.name:
                item.add_marker(pytest.mark.skip(reason="lifelines is not installed"))
    if "slow" not in config.getoption("markexpr"):
        for item in items:
            if item.get_closest_marker("slow") is not None:
                item.add_marker(pytest.mark.skip(reason="longer: asked for with -m slow"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["golden"] = report.OUTCOMES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    for outcome in getattr(node, "workeroutput", {}).get("golden", ()):
        report.record(*outcome)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if report.OUTCOMES and not hasattr(terminalreporter.config, "workerinput"):
        terminalreporter.section("agreement with other software")
        for line in report.lines():
            terminalreporter.line(line)
