"""landbridge.yaml, read once and checked: which accounts there are, where the data lie, where the rules are.

Secrets never stand in the file: an account names the environment variables that hold them.
"""

from __future__ import annotations

import json
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from landbridge import config_faults
from landbridge.errors import AccessRefused, ConfigInvalid, NotFound

FILE = "landbridge.yaml"
HOUSE = Path(__file__).resolve().parent.parent
"""Where the project's own mappings/ and flows/ lie."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _variable(name: str) -> str:
    if not re.fullmatch("[A-Z_][A-Z0-9_]*", name):
        raise ValueError("must be the NAME of an environment variable, such as ZENDESK_TOKEN, and never its value")
    return name


def _region(code: str) -> str:
    if not re.fullmatch("[A-Z]{2}", code):
        raise ValueError("must be a country's two capital letters, such as GB")
    return code


def _account_name(name: str) -> str:
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", name):
        raise ValueError("must be named in letters, digits and . _ - (40 at most): the name is part of every id")
    return name


def _actor(name: str) -> str:
    if not name.strip() or not name.isprintable():
        raise ValueError("must be a name on one line: it stands in the audit trail")
    return name


AccountName = Annotated[str, AfterValidator(_account_name)]
Actor = Annotated[str, AfterValidator(_actor)]
Variable = Annotated[str, AfterValidator(_variable)]
Region = Annotated[str, AfterValidator(_region)]


class Account(_Part):
    """One configured login to a system."""

    system: str
    base_url: str = ""
    credentials: dict[str, Variable] = Field(default_factory=dict, description="credential -> environment variable")
    region: Region | None = Field(default=None, description="default region of phone numbers")
    ca_file: Path | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    sandbox: bool = Field(default=False, description="use the sandbox's stand-in of this system")


class Sandbox(_Part):
    """The world that the sandbox plays."""

    people: int = Field(default=2000, ge=1, le=1_000_000)
    seed: int = 7
    faults: str | None = None


class Spark(_Part):
    """Where pairs are weighed when one machine is outgrown (docs/scale.md)."""

    master: str = Field(default="local[*]", description="spark://host:7077, yarn, k8s://..., or local[*]")
    share: Path | None = Field(default=None, description="a folder that every worker sees by the same path")
    options: dict[str, str] = Field(default_factory=dict, description="Spark's own settings, spark.executor.memory")


class Identity(_Part):
    """How sure identity must be, and what it runs on.

    Of pairs like the last one that is linked (asked about), the share that is one person.
    """

    engine: Literal["duckdb", "spark"] = "duckdb"
    spark: Spark = Spark()
    link_precision: float | None = Field(
        default=None, gt=0.5, lt=1, description="the model's own threshold when absent"
    )
    review_precision: float | None = Field(default=None, gt=0, lt=1)

    @model_validator(mode="after")
    def _ask_below(self) -> Identity:
        if self.link_precision and self.review_precision and self.review_precision >= self.link_precision:
            raise ValueError("must ask at a lower precision than it links at")
        return self


class Oidc(_Part):
    """The OpenID provider that people sign in with (docs/it.md)."""

    name: str = Field(default="your company's sign-in", max_length=60)
    issuer: str = Field(pattern="^https?://", description="its address; /.well-known/openid-configuration lies below")
    client_id: str
    client_secret: Variable
    scope: str = Field(default="openid email profile", description="some providers tell groups only when asked to")
    login_claim: str = "email"
    unverified_email: bool = Field(
        default=False, description="take an address where the provider does not say whether it verified it"
    )
    roles_claim: str = Field(default="groups", description="that names groups; `realm.roles`: one within another")
    roles: dict[str, str] = Field(default_factory=dict, description="group -> role")
    default_role: str | None = Field(
        default=None, description="whoever has no group of these; nobody comes in when absent"
    )


class Console(_Part):
    """Where the console listens, and who may sign in."""

    host: str = "127.0.0.1"
    port: int = Field(default=4280, ge=1, le=65535)
    hosts: tuple[str, ...] = Field(default=(), description="names by which browsers may reach it, beside localhost")
    proxies: tuple[str, ...] = Field(
        default=(), description="addresses of reverse proxies whose X-Forwarded-For and -Proto are believed"
    )
    oidc: Oidc | None = None


class Settings(_Part):
    """The whole of landbridge.yaml."""

    database: str | None = Field(default=None, description="libpq URI; the embedded server when absent")
    data: Path = Path(".landbridge")
    mappings: Path | None = None
    crm: str = Field(default="salesforce", description="the account that leads go to")
    actor: Actor = "landbridge"
    identity: Identity = Identity()
    console: Console = Console()
    sandbox: Sandbox | None = None
    accounts: dict[AccountName, Account]


class Project:
    """A checked configuration, the folder it stands in and the `file` itself. Paths in it are relative to that
    folder."""

    def __init__(self, settings: Settings, home: Path, file: str = FILE) -> None:
        self.settings = settings
        self.home = home
        self.file = home / file

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

    def secret(self, account: str, credential: str) -> str:
        """The value of an account's credential. Raises AccessRefused when its variable is unset or empty."""
        variable = self.account(account).credentials[credential]
        value = os.environ.get(variable)
        if not value:
            raise AccessRefused(
                f"Account '{account}' has no {credential}: the environment variable {variable} is not set.",
                do=f"Set {variable}, or name another under accounts.{account}.credentials.{credential} in {FILE}.",
            )
        return value

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
    """Read and check a configuration. Raises ConfigInvalid, which names file, line and what is wrong there."""
    text = _text(path)
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise config_faults.not_yaml(path, error) from error
    if not isinstance(raw, dict):
        raise ConfigInvalid(f"{path} must hold settings such as `accounts:`.", do="See the example in the README.")
    try:
        settings = Settings.model_validate({**raw, **_from_environment()})
    except ValidationError as error:
        raise config_faults.not_settings(path, text, error, Settings) from error
    if "crm" in raw and settings.crm not in settings.accounts:
        known = ", ".join(settings.accounts) or "none"
        told = f"names the account '{settings.crm}', which is not configured"
        raise config_faults.wrong(path, text, ("crm",), told, do=f"Configured accounts: {known}.")
    whole = path.resolve()
    return Project(settings, whole.parent, whole.name)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigInvalid(f"{path} is no text in UTF-8.", do="Save it as UTF-8, or name another file.") from error
    except OSError as error:
        raise ConfigInvalid(f"{path} cannot be read: {error.strerror}.", do="Check its name and rights.") from error


def _from_environment() -> dict[str, str]:
    named = {"database": "LANDBRIDGE_DATABASE", "data": "LANDBRIDGE_DATA"}
    return {setting: os.environ[name] for setting, name in named.items() if os.environ.get(name)}
