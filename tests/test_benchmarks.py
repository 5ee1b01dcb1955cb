"""The benchmarks run, on small tables; what they time is not looked at."""

from __future__ import annotations

import json

import pytest

from tests.benchmarks import cox, km, tenures


@pytest.mark.parametrize("benchmark", [km, cox], ids=["km", "cox"])
def test_a_benchmark_of_tenures_tells_the_floor_and_ours(benchmark, monkeypatch, capsys):
    monkeypatch.setattr(tenures, "installed", lambda systems: ["floor", "ours", "lifelines"])
    monkeypatch.setattr(tenures, "measured", lambda name, system, path, _: tenures.measure(name, system, path))
    benchmark.run(1_000, 1)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["system"] for row in told] == ["floor", "ours", "lifelines"]
    assert all(row["seconds"] > 0 and row["peak_mb"] > 0 for row in told)
    assert told[2]["largest_difference"] < 1e-5
