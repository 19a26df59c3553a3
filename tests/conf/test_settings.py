"""A setting that is wrong stops the process, which names the variable and the rule and keeps the value to itself."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conf import settings
from conf.settings import Settings

SECONDS = (
    "GRACE_SECONDS",
    "ADOPT_DAYS",
    "SWEEP_SECONDS",
    "STUCK_SECONDS",
    "LEASE_SECONDS",
    "ENQUEUE_COOLDOWN_SECONDS",
    "RETRY_BASE_SECONDS",
    "RETRY_MAX_SECONDS",
    "FROZEN_SECONDS",
)
AT_LEAST_ONE = "greater than or equal to 1"
WRONG = [
    ("DATABASE_URL", "mysql://user:swordfish@db/calls", "postgres://"),
    ("DATABASE_URL", "swordfish", "postgres://"),
    ("REDIS_URL", "http://:swordfish@cache", "redis://"),
    ("REDIS_TLS_VERIFY", "perhaps", "boolean"),
    ("PORT", "http", "integer"),
    ("PORT", "70000", "65535"),
    ("TRUSTED_PROXIES", "-1", "0"),
    ("TRUSTED_PROXIES", "*", "integer"),
    ("PORT", "-1", "0"),
    ("PUBLIC_BASE_URL", "calls.example.com", "http"),
    ("PUBLIC_BASE_URL", "ftp://calls.example.com", "http"),
    ("LOG_LEVEL", "LOUD", "'DEBUG'"),
    ("TWILIO_ACCOUNT_SID", "AC123", "AC[0-9a-f]{32}"),
    ("TWILIO_ACCOUNT_SID", "SK" + "a" * 32, "AC[0-9a-f]{32}"),
    ("TWILIO_API_BASE_URL", "http://api.twilio.com", "loopback"),
    ("TWILIO_API_BASE_URL", "http://127.0.0.1.evil.example", "loopback"),
    ("TWILIO_API_BASE_URL", "api.twilio.com", "http"),
    ("TWILIO_REGION", "ie1", "TWILIO_API_BASE_URL"),
    ("TWILIO_EDGE", "dublin", "TWILIO_API_BASE_URL"),
    ("RECORDING_START", "always", "'auto'"),
    ("FALLBACK_FORWARD_NUMBER", "0123456", "[1-9]"),
    ("FALLBACK_FORWARD_NUMBER", "+1415555٠١٩٩", "[1-9]"),
    ("RECORDING_CUSTOMER_CHANNEL", "2", "0 or 1"),
    ("RECORDING_CUSTOMER_CHANNEL_OUTBOUND", "left", "0 or 1"),
    ("MEDIA_STREAM_URL", "https://media.example.com", "wss://"),
    ("STORAGE_URL", "ftp://files.example.com", "file://"),
    ("OPENAI_BASE_URL", "localhost:8080", "http"),
    ("RUN_MIGRATIONS", "maybe", "boolean"),
    ("MIGRATION_LOCK_WAIT_SECONDS", "-1", "0"),
    ("MIGRATION_LOCK_WAIT_SECONDS", "inf", "finite"),
    ("MIGRATION_STATEMENT_TIMEOUT", "soon", "min"),
    ("MIGRATION_STATEMENT_TIMEOUT", "1s; DROP TABLE call_log", "min"),
    ("MAX_LISTENERS", "0", AT_LEAST_ONE),
    ("MAX_LISTENERS", "501", "500"),
    ("BUSINESS_SLOTS", "0", AT_LEAST_ONE),
    ("BUSINESS_SLOTS", "1.5", "integer"),
    ("MAX_ATTEMPTS", "0", AT_LEAST_ONE),
    ("WEB_SERVERS", "2", "0 or 1"),
    ("TRANSCRIPTS_WORKERS", "-1", "0"),
    ("SCHEDULERS", "two", "integer"),
    *((name, "0.5", AT_LEAST_ONE) for name in SECONDS),
    *((name, "nan", "finite") for name in SECONDS),
    *((name, "inf", "finite") for name in SECONDS),
    ("SWEEP_SECONDS", "a minute", "number"),
    ("ALERT_URLS", "swordfish", "address 1"),
    ("ALERT_URLS", "json://here/swordfish, swordfish@example.com", "json://"),
    ("ALERT_URLS", "json://here/swordfish, :///there", "service"),
    ("METRICS_TOKEN", "swordfish", "at least 16"),
]
RIGHT = [
    ("DATABASE_URL", "postgres://u:p@db/calls", "postgresql+psycopg2://u:p@db/calls"),
    ("DATABASE_URL", "postgresql://u:p@db/calls?sslmode=require", "postgresql+psycopg2://u:p@db/calls?sslmode=require"),
    ("REDIS_URL", "rediss://:p@cache:6380/1", "rediss://:p@cache:6380/1"),
    ("REDIS_TLS_VERIFY", "0", False),
    ("RUN_MIGRATIONS", "1", True),
    ("WEB_SERVERS", "0", 0),
    ("TRANSCRIPTS_WORKERS", "4", 4),
    ("PUBLIC_BASE_URL", "https://calls.example.com/", "https://calls.example.com"),
    ("TWILIO_API_BASE_URL", "http://127.0.0.1:5050", "http://127.0.0.1:5050"),
    ("RECORDING_CUSTOMER_CHANNEL", "1", 1),
    ("MIGRATION_STATEMENT_TIMEOUT", "2min", "2min"),
    ("SWEEP_SECONDS", "1", 1),
    ("ALERT_URLS", "json://a/,mailto://u:p@b?to=c@d,e@f", "json://a/,mailto://u:p@b?to=c@d,e@f"),
    ("WHISPER_MODEL", "", "small"),
    ("STORAGE_URL", "s3://bucket/prefix", "s3://bucket/prefix"),
]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is set, whatever this machine has set."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return


@pytest.mark.parametrize(("name", "value", "rule"), WRONG, ids=lambda value: str(value)[:30])
def test_a_wrong_value_stops_the_process_naming_the_variable_and_the_rule(
    name: str, value: str, rule: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit) as stopped:
        settings.load(_env_file=None)

    told = capsys.readouterr().err
    assert stopped.value.code == 1
    assert told.startswith(name) or name in told.split(":")[0]
    assert rule in told
    assert "swordfish" not in told


@pytest.mark.parametrize(("name", "value", "read"), RIGHT, ids=lambda value: str(value)[:30])
def test_a_right_value_is_read(name: str, value: str, read: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)

    assert getattr(settings.load(_env_file=None), name.lower()) == read


def test_several_wrong_values_are_told_all_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "http")
    monkeypatch.setenv("SWEEP_SECONDS", "0")

    with pytest.raises(SystemExit):
        settings.load(_env_file=None)

    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == ["PORT", "SWEEP_SECONDS"]


def test_files_are_refused_as_storage_on_heroku(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DYNO", "web.1")

    with pytest.raises(SystemExit):
        settings.load(_env_file=None)
    assert capsys.readouterr().err.startswith("STORAGE_URL: ")

    monkeypatch.setenv("STORAGE_URL", "s3://bucket/prefix")
    assert settings.load(_env_file=None).dyno == "web.1"


def test_two_tokens_are_a_rotation_and_the_first_one_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", " new , old,")

    assert settings.load(_env_file=None).twilio_auth_tokens == ("new", "old")


@pytest.mark.parametrize(("account", "token"), [("AC" + "a" * 32, ""), ("", "b" * 32), ("AC" + "a" * 32, " , ")])
def test_half_of_the_credentials_are_none(account: str, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", account)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", token)

    assert not settings.load(_env_file=None).has_twilio


@pytest.mark.parametrize(("name", "value"), [("SWEEP_SECONDS", "often"), ("DATABASE_URL", "oracle://db")])
def test_a_command_ends_with_1_and_the_message(name: str, value: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "db.migrate", "--check"],
        cwd=settings.ROOT,
        env=os.environ | {name: value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{name}: ")
    assert "Traceback" not in ended.stderr + ended.stdout
