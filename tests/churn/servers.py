"""A PostgreSQL server of the test's own, and a Spark session: started where they are installed, else said so."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "a secret: with @ and /"


def leave_out(reason: str) -> None:
    """Skip a test, or fail it where REQUIRE_ENGINES says that the engine must be there."""
    if os.environ.get("REQUIRE_ENGINES"):
        pytest.fail(reason)
    pytest.skip(reason)


def postgres_programs() -> Path | None:
    """Where Debian's package keeps the programs of its newest version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


def as_server(command: list[str]) -> None:
    """Run a program of the server, which refuses to run as root."""
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server on a socket in a folder of its own, without network; give its address."""
    programs = postgres_programs()
    if programs is None or find_spec("psycopg") is None:
        leave_out("PostgreSQL needs Debian's package postgresql, and psycopg")
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            shutil.chown(secret, "postgres")
        data = folder / "data"
        how = ["--auth-local=scram-sha-256", f"--pwfile={secret}", "--username=churn", "--encoding=UTF8", "--no-sync"]
        as_server([str(programs / "initdb"), f"--pgdata={data}", "--no-locale", *how])
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        control = [str(programs / "pg_ctl"), f"--pgdata={data}", f"--log={folder / 'log'}", "--wait"]
        as_server([*control, f"--options={options}", "start"])
        try:
            yield f"postgresql://churn@/postgres?host={folder}"
        finally:
            as_server([*control, "--mode=immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def spark_session() -> Iterator[Any]:
    """Start Spark with two threads in this process."""
    if find_spec("pyspark") is None or shutil.which("java") is None:
        leave_out("Spark needs Java (Debian's package default-jre-headless) and the extra [spark]")
    from churn.engine.spark_engine import start_session

    with tempfile.TemporaryDirectory() as scratch:
        session = start_session("spark://local[2]", Path(scratch))
        yield session
        session.stop()
