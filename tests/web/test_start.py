"""The web process refuses to start where it could not be safe, and says what is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conf import settings
from tests.conftest import SECRET_KEY
from tests.support.twilio import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_BASE_URL

SAFE = {
    "SECRET_KEY": SECRET_KEY,
    "PUBLIC_BASE_URL": PUBLIC_BASE_URL,
    "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
    "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
    "TWILIO_API_BASE_URL": "https://api.twilio.com",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        pytest.param("PUBLIC_BASE_URL", "", marks=pytest.mark.slow),
        pytest.param("FLASK_DEBUG", "1", marks=pytest.mark.slow),
    ],
)
def test_with_real_credentials_it_does_not_start_unsafely(
    name: str, value: str, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    servers = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "STORAGE_URL": tmp_path.as_uri()}
    started = subprocess.run(
        [sys.executable, "-c", "import web.wsgi"],
        cwd=settings.ROOT,
        env=os.environ | SAFE | servers | {name: value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert started.returncode == 1
    assert started.stderr.startswith(f"{name}: ")
    assert not any(secret in started.stderr for secret in (AUTH_TOKEN, SECRET_KEY, "Traceback"))


def test_it_does_not_start_with_fewer_threads_than_may_listen(database_url: str, redis_url: str) -> None:
    servers = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "PORT": "0", "MAX_LISTENERS": "20"}
    started = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "conf/gunicorn.conf.py", "--threads", "20", "web.wsgi"],
        cwd=settings.ROOT,
        env=os.environ | SAFE | servers,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert started.returncode == 1
    assert "MAX_LISTENERS: must be less than gunicorn's threads, which are 20" in started.stderr
