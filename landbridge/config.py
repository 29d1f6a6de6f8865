"""landbridge.yaml, read once and checked: which accounts there are, where the data lie, where the rules are.

Secrets never stand in the file: an account names the environment variables that hold them.
"""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from landbridge.errors import ConfigInvalid, NotFound

FILE = "landbridge.yaml"
HOUSE = Path(__file__).resolve().parent.parent
"""Where the project's own mappings/ and flows/ lie."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Account(_Part):
    """One configured login to a system."""

    system: str
    base_url: str = ""
    credentials: dict[str, str] = Field(default_factory=dict, description="credential -> environment variable")
    region: str | None = Field(default=None, pattern="^[A-Z]{2}$", description="default region of phone numbers")
    ca_file: Path | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    sandbox: bool = Field(default=False, description="use the sandbox's stand-in of this system")


class Sandbox(_Part):
    """The world that the sandbox plays."""

    people: int = Field(default=2000, ge=1, le=1_000_000)
    seed: int = 7
    faults: str | None = None


class Settings(_Part):
    """The whole of landbridge.yaml."""

    database: str | None = Field(default=None, description="libpq URI; the embedded server when absent")
    data: Path = Path(".landbridge")
    mappings: Path | None = None
    crm: str = Field(default="salesforce", description="the account that leads go to")
    actor: str = "landbridge"
    sandbox: Sandbox | None = None
    accounts: dict[str, Account]


class Project:
    """A checked configuration and the folder it stands in. Paths in it are relative to that folder."""

    def __init__(self, settings: Settings, home: Path) -> None:
        self.settings = settings
        self.home = home

    @cached_property
    def data(self) -> Path:
        """The project's data folder: embedded database, Data Docs, sandbox state. Made on first use."""
        folder = self.home / self.settings.data
        folder.mkdir(parents=True, exist_ok=True)
        return folder.resolve()

    @property
    def mappings(self) -> Path:
        """The folder of rules: the configured one, else the one that ships with the project."""
        return self.home / self.settings.mappings if self.settings.mappings else HOUSE / "mappings"

    @property
    def sandbox_ready_file(self) -> Path:
        """Where a running sandbox says how it can be reached."""
        return self.data / "sandbox" / "ready.json"

    def account(self, name: str) -> Account:
        """The account called `name`; one in the sandbox gets its address from the sandbox. Raises NotFound."""
        if name not in self.settings.accounts:
            known = ", ".join(sorted(self.settings.accounts)) or "none"
            raise NotFound(f"There is no account '{name}'.", do=f"Known accounts: {known}. Add one in {FILE}.")
        return self.settings.accounts[name]

    def secret(self, account: str, credential: str) -> str | None:
        """The value of an account's credential, or None when its environment variable is unset or empty."""
        variable = self.account(account).credentials.get(credential)
        return os.environ.get(variable) or None if variable else None

    def sandbox_access(self, system: str) -> dict[str, str]:
        """How the running sandbox's stand-in of `system` is reached. Raises NotFound when no sandbox runs."""
        try:
            ready = json.loads(self.sandbox_ready_file.read_text())
        except (OSError, ValueError):
            raise NotFound(
                "The sandbox does not run.", do="Start it: `landbridge sandbox` in another terminal."
            ) from None
        return dict(ready[system])


def find(explicit: Path | None = None) -> Path:
    """The configuration file: the one named, else $LANDBRIDGE_CONFIG, else ./landbridge.yaml. Raises ConfigInvalid."""
    path = explicit or Path(os.environ.get("LANDBRIDGE_CONFIG") or FILE)
    if not path.is_file():
        raise ConfigInvalid(
            f"There is no configuration at {path}.",
            do=f"Run where {FILE} lies, name one with --config, or see a whole job at once: `landbridge demo`.",
        )
    return path


def load(path: Path) -> Project:
    """Read and check a configuration. Raises ConfigInvalid, which names the place and what is wrong there."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        raise ConfigInvalid(
            f"{path}, line {line}: not YAML: {getattr(error, 'problem', error)}", do="Mend the line."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{path} cannot be read: {error}", do="Check the file's name and rights.") from error
    if not isinstance(raw, dict):
        raise ConfigInvalid(f"{path} must hold settings such as `accounts:`.", do="See the example in the README.")
    raw = {**raw, **_from_environment()}
    try:
        return Project(Settings.model_validate(raw), path.resolve().parent)
    except ValidationError as error:
        raise ConfigInvalid(_told(path, error), do="docs/it.md has every setting.") from error


def _from_environment() -> dict[str, str]:
    named = {"database": "LANDBRIDGE_DATABASE", "data": "LANDBRIDGE_DATA"}
    return {setting: os.environ[name] for setting, name in named.items() if os.environ.get(name)}


def _told(path: Path, error: ValidationError) -> str:
    first = error.errors(include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    what = "no such setting" if first["type"] == "extra_forbidden" else first["msg"]
    return f"{path}: {place}: {what}"
