"""`make demo` as a newcomer runs it, in a folder of its own."""

import json
import shutil
import signal
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from conf.settings import ROOT, environment
from launch import ports
from tests.support.system import eventually

LEFT_OUT = (".git", ".venv", "node_modules", "var", "__pycache__", ".mypy_cache", ".ruff_cache", "tests")
KEYS = {
    "url", "email", "password", "token", "call_sid", "simulator_url", "database_url", "redis_url",
    "public_base_url", "twilio_account_sid", "twilio_auth_token",
}  # fmt: skip
START_SECONDS = 150


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """The project without anything that running it leaves behind."""
    with tempfile.TemporaryDirectory(prefix="second-zero-demo-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name) / "project"
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        (folder / ".venv").symlink_to(ROOT / ".venv")
        yield folder


@pytest.fixture(scope="module")
def demo(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A running demo that has told its story."""
    known = environment(WHISPER_MODEL="tiny.en", PORT=str(ports.any_free()), GRACE_SECONDS="1")
    command = [str(folder / ".venv" / "bin" / "python"), "-W", "ignore", "-m", "launch.demo"]
    with (folder.parent / "said").open("w") as output:
        child = subprocess.Popen(
            command, cwd=folder, env=known, stdout=output, stderr=subprocess.STDOUT, text=True, process_group=0
        )
    eventually(lambda: child.poll() is not None or "Running until" in said(folder), START_SECONDS)
    assert child.poll() is None, said(folder)
    yield child
    child.kill()
    child.wait()


def said(folder: Path) -> str:
    return (folder.parent / "said").read_text()


def result(folder: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((folder / "var" / "demo.json").read_text())
    return found


def test_the_story_is_told_step_by_step(demo: "subprocess.Popen[str]", folder: Path) -> None:
    lines = [line.strip() for line in said(folder).splitlines()]
    steps = ["ringing", "recording", "downloading", "downloaded", "transcribing 0 %", "summarising", "done"]

    assert [line for line in lines if line in steps] == steps
    assert any("Customer" in line and "4729" in line for line in lines)
    assert any("Business" in line for line in lines)
    assert "Extract made offline, in the speakers' own words:" in lines


def test_it_is_written_down_where_everything_is(demo: "subprocess.Popen[str]", folder: Path) -> None:
    written = result(folder)

    assert set(written) == KEYS
    assert show(written, written["call_sid"])["summary_status"] == "completed"


def test_another_call_goes_to_the_demos_business_without_being_told(
    demo: "subprocess.Popen[str]", folder: Path
) -> None:
    command = [str(folder / ".venv" / "bin" / "python"), "-m", "simulator", "call", "--hangup", "busy"]
    audio = folder / "simulator" / "audio" / "demo_en.flac"
    placed = subprocess.run([*command, "--audio", str(audio)], cwd=folder, capture_output=True, text=True)

    assert placed.returncode == 0, placed.stderr
    assert show(result(folder), placed.stdout.strip())["business_id"] is not None


def test_a_second_one_in_the_same_folder_is_told_so(demo: "subprocess.Popen[str]", folder: Path) -> None:
    command = [str(folder / ".venv" / "bin" / "python"), "-m", "launch.demo", "--once"]
    refused = subprocess.run(command, cwd=folder, capture_output=True, text=True)

    assert refused.returncode == 1
    assert "running in this folder already" in refused.stderr


def test_ctrl_c_leaves_no_process_and_no_lock(demo: "subprocess.Popen[str]", folder: Path) -> None:
    family = psutil.Process(demo.pid).children(recursive=True)
    assert len(family) > 10

    demo.send_signal(signal.SIGINT)

    assert demo.wait(40) == 0
    assert [child for child in family if child.is_running()] == []
    assert not list((folder / "var").glob("*.lock"))
    assert not (folder / "var" / "postgres" / "postmaster.pid").exists()


def show(written: dict[str, str], call_sid: str) -> dict[str, object]:
    address = f"{written['url']}/api/calls/{call_sid}"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {written['token']}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        shown: dict[str, object] = json.load(answer)
        return shown
