"""A real S3 server in a process of its own, which tests may freeze and kill."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from launch.ports import LOOPBACK, any_free

START_SECONDS = 60
BUCKET = "calls"


class S3Server:
    """Keeps its objects in memory."""

    def __init__(self) -> None:
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        port = any_free()
        self.url = f"http://{LOOPBACK}:{port}"
        command = [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._make_bucket()

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _make_bucket(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                httpx.put(f"{self.url}/{BUCKET}", trust_env=False, timeout=10).raise_for_status()
            except httpx.TransportError:
                assert time.monotonic() < deadline, "the S3 server does not start"
                time.sleep(0.1)
            else:
                return


@contextmanager
def s3_server() -> Iterator[S3Server]:
    server = S3Server()
    server.start()
    yield server
    server.stop()


def aws_variables(patch: pytest.MonkeyPatch, url: str) -> None:
    """What an operator sets."""
    for name, value in {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "a-key",
        "AWS_SECRET_ACCESS_KEY": "a-secret",
    }.items():
        patch.setenv(name, value)
