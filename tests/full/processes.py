"""Worker processes beside a test, and how they are stopped."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conf.settings import ROOT, environment
from tests.support.twilio import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_BASE_URL

STOP_SECONDS = 15


@contextmanager
def staged_workers(
    number: int, queue: str, folder: Path, database_url: str, redis_url: str, *curtain: str, **variables: str
) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """So many workers of a queue that settle every call; their output is in the folder."""
    known = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "STORAGE_URL": (folder / "recordings").as_uri(),
        "PUBLIC_BASE_URL": PUBLIC_BASE_URL,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_API_BASE_URL": "http://127.0.0.1:9",
        "GRACE_SECONDS": "1",
    }
    command = [sys.executable, "-m", "tests.full.staged_worker", queue, *curtain]
    with (folder / "workers.log").open("ab") as log:
        children = [
            subprocess.Popen(command, cwd=ROOT, env=environment(**known | variables), stdout=log, stderr=log)
            for _ in range(number)
        ]
        try:
            yield children
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(STOP_SECONDS)
