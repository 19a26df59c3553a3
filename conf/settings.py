"""The environment, read in one place and checked before anything starts."""

import json
import os
import re
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
EMBEDDED_SERVERS = VAR / "servers.json"
"""Where launch says at which addresses the embedded servers answer."""

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
BETWEEN_ADDRESSES = re.compile(r",(?=\s*[a-zA-Z0-9]+://)")
"""Of ALERT_URLS: an address may hold commas itself."""

ADDRESS = re.compile(r"[a-zA-Z0-9]+://\S+")
E164 = r"^\+[1-9][0-9]{6,14}$"


def _is_web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http:// or https:// address")
    return url.rstrip("/")


def _is_safe_api_address(url: str) -> str:
    parts = urlsplit(_is_web_address(url))
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("plain http is allowed only for loopback, since it would carry the auth token")
    return url.rstrip("/")


WebAddress = Annotated[str, AfterValidator(_is_web_address)]
ApiAddress = Annotated[str, AfterValidator(_is_safe_api_address)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[Finite, Field(ge=1)]
Channel = Literal[0, 1]
Workers = Annotated[int, Field(ge=0, le=64)]
"""How many processes of a kind `make run` starts on this machine."""


class Settings(BaseSettings):
    """Every variable of the environment, under its own name in lower case.

    An empty variable counts as one that is not set.
    """

    model_config = SettingsConfigDict(env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore")

    database_url: str | None = None
    redis_url: str | None = None
    redis_tls_verify: bool = True
    port: int = Field(default=5000, ge=0, le=65535)
    public_base_url: WebAddress | None = None
    trusted_proxies: int = Field(default=0, ge=0)
    secret_key: str | None = None
    flask_debug: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    dyno: str | None = None

    twilio_account_sid: str | None = Field(default=None, pattern="^AC[0-9a-f]{32}$")
    twilio_auth_token: str | None = None
    twilio_api_base_url: ApiAddress = "https://api.twilio.com"
    twilio_region: str | None = None
    twilio_edge: str | None = None
    recording_start: Literal["auto", "twiml", "api", "off"] = "auto"
    fallback_forward_number: str | None = Field(default=None, pattern=E164)
    recording_customer_channel: Channel = 0
    recording_customer_channel_outbound: Channel = 0
    media_stream_url: str | None = Field(default=None, pattern="^wss://")

    storage_url: str = (VAR / "recordings").as_uri()
    whisper_model: str = "small"
    whisper_device: str = "auto"
    whisper_compute_type: str = "auto"
    whisper_language: str = "auto"
    openai_api_key: str | None = None
    openai_base_url: WebAddress | None = None
    summary_model: str | None = None

    run_migrations: bool = False
    migration_lock_wait_seconds: Finite = Field(default=30, ge=0)
    migration_statement_timeout: str = Field(default="120s", pattern=r"^[0-9]+ ?(ms|s|min|h)?$")

    max_listeners: int = Field(default=112, ge=1, le=500)
    business_slots: int = Field(default=3, ge=1)
    grace_seconds: Seconds = 10
    adopt_days: Seconds = 7
    sweep_seconds: Seconds = 60
    stuck_seconds: Seconds = 600
    lease_seconds: Seconds = 90
    enqueue_cooldown_seconds: Seconds = 60
    retry_base_seconds: Seconds = 60
    retry_max_seconds: Seconds = 1200
    max_attempts: int = Field(default=5, ge=1)
    frozen_seconds: Seconds = 180

    web_servers: Literal[0, 1] = 1
    calls_workers: Workers = 1
    recordings_workers: Workers = 1
    transcripts_workers: Workers = 1
    summaries_workers: Workers = 1
    maintenance_workers: Workers = 1
    schedulers: Workers = 1

    alert_urls: str | None = None
    metrics_token: str | None = Field(default=None, min_length=16)

    @field_validator("recording_customer_channel", "recording_customer_channel_outbound", "web_servers", mode="before")
    @classmethod
    def _bit_from_text(cls, value: Any) -> Any:
        return int(value) if value in ("0", "1") else value

    @field_validator("database_url")
    @classmethod
    def _with_driver(cls, url: str | None) -> str | None:
        return url and with_driver(url)

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: str | None) -> str | None:
        if url and urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return url

    @field_validator("storage_url")
    @classmethod
    def _is_storage(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"file", "s3", "gs", "az"}:
            raise ValueError("must begin with file://, s3://, gs:// or az://")
        if parts.scheme != "file" and not parts.netloc:
            raise ValueError("must name a bucket or container, as in s3://bucket/prefix")
        return url

    @field_validator("alert_urls")
    @classmethod
    def _are_addresses(cls, urls: str | None) -> str | None:
        for number, address in enumerate(alert_addresses(urls), 1):
            if not ADDRESS.fullmatch(address):
                raise ValueError(f"address {number} must begin with the name of a service, as in mailto:// or json://")
        return urls

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.storage_url.startswith("file:") and self.dyno:
            raise ValueError(
                "STORAGE_URL: file:// keeps nothing on Heroku, whose disks are neither shared nor kept;"
                " name an object store, e.g. s3://bucket/prefix"
            )
        if self.twilio_region or self.twilio_edge:
            raise ValueError(
                "TWILIO_REGION, TWILIO_EDGE: unset both; they rewrite the host of TWILIO_API_BASE_URL,"
                " which names the address in full"
            )
        return self

    @property
    def twilio_auth_tokens(self) -> tuple[str, ...]:
        """The tokens that verify a signature; the first one signs and logs in."""
        return tuple(token.strip() for token in (self.twilio_auth_token or "").split(",") if token.strip())

    @property
    def processes(self) -> dict[str, int]:
        """How many of each kind are to run on this machine, by the name of the variable that says so."""
        kinds = ("calls", "recordings", "transcripts", "summaries", "maintenance")
        workers = {f"{kind.upper()}_WORKERS": getattr(self, f"{kind}_workers") for kind in kinds}
        return {"WEB_SERVERS": self.web_servers, **workers, "SCHEDULERS": self.schedulers}

    @property
    def has_twilio(self) -> bool:
        return bool(self.twilio_account_sid and self.twilio_auth_tokens)

    @property
    def has_simulated_twilio(self) -> bool:
        """The phone company is on this machine: nothing real is at stake."""
        return urlsplit(self.twilio_api_base_url).hostname in LOOPBACK


def alert_addresses(urls: str | None) -> list[str]:
    """Those of ALERT_URLS, one by one."""
    return [address.strip() for address in BETWEEN_ADDRESSES.split(urls)] if urls else []


def with_driver(url: str) -> str:
    """Name psycopg2 in a PostgreSQL URL, which SQLAlchemy 2.1 would otherwise take for psycopg 3."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {"postgres", "postgresql", "postgresql+psycopg2"}:
        raise ValueError("must begin with postgres:// or postgresql://")
    return f"postgresql+psycopg2://{rest}"


def libpq(url: str) -> str:
    """The same database as other programs spell it."""
    return url.replace("postgresql+psycopg2://", "postgresql://", 1)


def load(**known: Any) -> Settings:
    """Read the environment and `.env`; stop the process, naming the variable and the rule, when one is wrong."""
    try:
        return Settings(**known)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            name = "".join(str(part).upper() for part in problem["loc"][:1])
            message = problem["msg"].removeprefix("Value error, ")
            print(f"{name}: {message}" if name else message, file=sys.stderr)  # noqa: T201 - logging is not up yet
        sys.exit(1)


def public_address(config: Settings) -> str:
    """Where Twilio reaches us; with a simulated phone company, this machine. Stops the process when it is unknown."""
    if config.public_base_url:
        return config.public_base_url
    if config.has_twilio and not config.has_simulated_twilio:
        sys.exit("PUBLIC_BASE_URL: needed with real credentials; it is the address Twilio was given")
    return f"http://127.0.0.1:{config.port}"


def require_database_url(config: Settings) -> str:
    """DATABASE_URL, or the embedded PostgreSQL that is running here."""
    return config.database_url or with_driver(_embedded("database_url", "DATABASE_URL"))


def require_redis_url(config: Settings) -> str:
    """REDIS_URL, or the embedded Valkey that is running here."""
    return config.redis_url or _embedded("redis_url", "REDIS_URL")


def _embedded(key: str, variable: str) -> str:
    try:
        return str(json.loads(EMBEDDED_SERVERS.read_text())[key])
    except (FileNotFoundError, KeyError):
        print(  # noqa: T201 - the command's answer
            f"{variable}: not set, and no embedded server runs here; set it, or start `make run` or `make demo` first",
            file=sys.stderr,
        )
        sys.exit(1)


def environment(**overrides: str) -> dict[str, str]:
    """This process's environment with some variables set, for a child."""
    return {**os.environ, **overrides}
