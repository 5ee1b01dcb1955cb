"""Benchmarks: `python -m tests.benchmarks NAME [--rows N]` prints one JSON line per measurement."""

from __future__ import annotations

import argparse
from importlib import import_module

NAMES = ("survey", "km", "cox", "events", "retention", "build")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer-seconds", type=float, help="for km and cox: give a peer up after so long; 900")
    arguments = parser.parse_args()
    limit = () if arguments.peer_seconds is None else (arguments.peer_seconds,)
    import_module(f"tests.benchmarks.{arguments.name}").run(arguments.rows, arguments.repeats, *limit)


main()
