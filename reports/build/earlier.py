"""Files of an earlier report that need not be made again."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from reports.results.store import Store


class EarlierFiles:
    """
    The files of an earlier report, each with the key of what it was made from.

    Parameters
    ----------
    folder : Path
        The earlier report; it need not exist.
    store : Store, optional
        Where keys are kept; without one, nothing is known of the earlier report.
    part : str
        Whose keys these are, where several processes write one report.

    Examples
    --------
    >>> EarlierFiles(Path("no/such/report")).give("report.en.pdf", "key", Path("report.en.pdf"))
    False
    """

    def __init__(self, folder: Path, store: Store | None = None, part: str = "") -> None:
        self._folder, self._store = folder, store
        self._name = f"files:{part}:{folder.resolve()}"
        kept = None if store is None or store.read(self._name) is None else store.read_value(self._name)
        self._known: dict[str, list[str]] = json.loads(kept or b"{}")
        self._now: dict[str, list[str]] = {}

    def give(self, name: str, key: str, to: Path) -> bool:
        """
        Copy a file of the earlier report, if it was made from the same and nobody has changed it.

        Parameters
        ----------
        name : str
            In the report, such as `report.en.pdf`.
        key : str
            Of what it is to be made from.
        to : Path
            Where it goes.

        Returns
        -------
        bool
            Whether it was there.
        """
        known = self._known.get(name)
        try:
            if known is None or known[0] != key:
                return False
            content = (self._folder / name).read_bytes()
            if hashlib.sha256(content).hexdigest() != known[1]:
                return False
            shutil.copyfile(self._folder / name, to)
        except OSError:
            return False
        self._now[name] = known
        return True

    def took(self, name: str, key: str, content: bytes) -> None:
        """Note what a file that was made now was made from."""
        self._now[name] = [key, hashlib.sha256(content).hexdigest()]

    def keep(self) -> None:
        """Keep the keys of the files of the new report."""
        if self._store is not None:
            self._store.write(self._name, {}, "", json.dumps(self._now, sort_keys=True).encode())
