"""Every error that Landbridge raises on purpose, named for who acts next.

    LandbridgeError
    +-- SourceUnavailable    the flow retries       (time-out, 5xx, rate limit, cut connection)
    |   +-- AlreadyRunning   the flow retries       (another run holds this account)
    +-- AccessRefused        IT                     (credential missing, wrong or without permission)
    +-- ConfigInvalid        IT                     (landbridge.yaml)
    +-- StoreUnavailable     IT                     (the database)
    +-- SourceChanged        a contributor          (an outside system no longer answers as documented)
    +-- BooksUnbalanced      a contributor          (a stage lost or invented records)
    +-- RuleInvalid          sales ops              (a file in mappings/)
    +-- RecordRejected       sales ops              (one record; the rest goes on)
    +-- NotFound             whoever asked          (no such lead, run, file)
    +-- GateClosed           an approver            (nothing leaves)
    +-- DecisionStands       a reviewer             (the opposite was decided)
    +-- TakenAlready         a reviewer             (somebody else has it on the screen, or must say it)

Lower libraries' errors are translated once, where they enter; the command line and the flows only read these.
Exit codes follow sysexits.h where it has a word for it, so that scripts can tell "try later" (75) from "mend it" (78).
"""

from __future__ import annotations


class LandbridgeError(Exception):
    """One clear sentence (`str(error)`), and in `do` what to do next. Never carries a secret or a personal value."""

    exit_code = 1

    def __init__(self, message: str, *, do: str = "") -> None:
        super().__init__(message)
        self.do = do


class SourceUnavailable(LandbridgeError):
    """An outside system cannot answer now. `retry_after`: seconds it asked for, None when it named none."""

    exit_code = 75

    def __init__(self, message: str, *, do: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, do=do or "Nothing is lost: the next run goes on from the last page that was stored.")
        self.retry_after = retry_after


class AlreadyRunning(SourceUnavailable):
    """Another run works on the same account or publishes; two at once would race on its cursor."""


class AccessRefused(LandbridgeError):
    """A credential is missing, wrong, expired or lacks a permission."""

    exit_code = 77


class ConfigInvalid(LandbridgeError):
    """landbridge.yaml cannot be used as it stands."""

    exit_code = 78


class StoreUnavailable(LandbridgeError):
    """The database cannot be reached or is not ours."""

    exit_code = 69


class SourceChanged(LandbridgeError):
    """An outside system answered in a form that its connector does not know. Guessing would corrupt; we stop."""

    exit_code = 76


class BooksUnbalanced(LandbridgeError):
    """A stage's books do not close: in != out + held."""

    exit_code = 70


class RuleInvalid(LandbridgeError):
    """A file in mappings/ is wrong. The message names file and line."""

    exit_code = 65


class RecordRejected(LandbridgeError):
    """One record cannot be used; it is held in quarantine and the rest goes on."""

    exit_code = 65


class NotFound(LandbridgeError):
    """Nothing has the name or id that was asked for."""

    exit_code = 66


class GateClosed(LandbridgeError):
    """A guard stopped all writing until somebody approves."""

    exit_code = 3


class DecisionStands(LandbridgeError):
    """Somebody decided the opposite, and a person's word stands until a person takes it back."""

    exit_code = 3


class TakenAlready(LandbridgeError):
    """Somebody else is at it, or it takes somebody else; the queue has other questions."""

    exit_code = 3
