"""The edge: whatever is raised inside becomes one sentence and an exit code here, and nowhere else."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from landbridge.errors import LandbridgeError

DEBUG = "LANDBRIDGE_DEBUG"
"""Set to 1, it shows tracebacks and library warnings."""

BUG = 70
"""sysexits.h: internal software error."""


def guarded(command: Callable[[], object]) -> int:
    """Run the command; its exit code. What it raises is told on stderr, without a traceback unless one is wanted."""
    _prepare()
    try:
        command()
    except LandbridgeError as error:
        return _failed(error)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return _unread()
    except Exception as error:
        if isinstance(error, UnicodeEncodeError) and _told_bytes():
            return _failed(LandbridgeError("A word of this command is no text.", do="Type it again, in UTF-8."))
        return _bug(error)
    return 0


def _told_bytes() -> bool:
    """Whether a word of the command is none; a file's name may be that."""
    return any("\udc80" <= letter <= "\udcff" for word in sys.argv for letter in word)


def _prepare() -> None:
    """Nothing phones home, library warnings stay inside, odd characters never break the output, SIGTERM cleans up."""
    for name, value in (
        ("DO_NOT_TRACK", "1"),
        ("GX_ANALYTICS_ENABLED", "false"),
        ("PREFECT_SERVER_ANALYTICS_ENABLED", "false"),
    ):
        os.environ.setdefault(name, value)
    if not (_debugging() or sys.warnoptions):
        warnings.simplefilter("ignore")
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")  # its pages keep them all
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _terminated)


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    """As Ctrl-C does: what was started is stopped, and the run is written down as failed rather than lost."""
    sys.exit(128 + signal.SIGTERM)


def _debugging() -> bool:
    return os.environ.get(DEBUG, "") not in ("", "0")


def _failed(error: LandbridgeError) -> int:
    from landbridge.cli import show

    if _debugging():
        traceback.print_exception(error)
    show.failure(error)
    return error.exit_code


def _unread() -> int:
    """Whoever read our output has gone, as `head` does; nothing is left to say, to anybody."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGPIPE


def _bug(error: Exception) -> int:
    """Keep the whole story for whoever mends it. The sentence names the kind only: its text may hold anything."""
    if _debugging():
        traceback.print_exception(error)
        return BUG
    from landbridge.cli import show

    place = _written("".join(traceback.format_exception(error)))
    told = LandbridgeError(
        f"This is a bug in Landbridge ({type(error).__name__}), not a mistake of yours.",
        do=f"The traceback is in {place}. It may hold values of your data: read it before you send it to anybody.",
    )
    show.failure(told)
    return BUG


def _written(story: str) -> Path:
    """Write it where only this user reads it: the project's data folder, else the folder for temporary files."""
    name = f"bug-{datetime.now(UTC):%Y%m%d-%H%M%S}-"
    for folder in (_data_folder(), None):
        try:
            number, path = tempfile.mkstemp(".txt", name, folder)
        except OSError:
            continue
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(story)
        return Path(path)
    return Path(os.devnull)


def _data_folder() -> Path | None:
    from landbridge import config

    try:
        return config.load(config.find()).data
    except (LandbridgeError, OSError):
        return None
