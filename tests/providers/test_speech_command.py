import json
import subprocess
import sys
from pathlib import Path

from conf.settings import ROOT
from tests.providers.speech_files import conversation, ringing, write


def transcribe(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "providers.speech", "--model", "tiny.en", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_files_are_transcribed_by_hand_one_json_line_each_in_their_order(tmp_path: Path) -> None:
    speech = write(tmp_path / "speech.flac", *conversation()[:, : 10 * 8000], codec="flac")
    noise = write(tmp_path / "noise.wav", ringing(8))

    done = transcribe("--json", str(speech), str(noise))

    assert done.returncode == 0, done.stderr
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert [first["file"], second["file"]] == [str(speech), str(noise)]
    assert set(first) == {"file", "language", "seconds", "cpu_seconds", "load_cpu_seconds", "turns"}
    assert set(first["turns"][0]) == {"channel", "start", "end", "text"}
    assert "furniture" in first["turns"][0]["text"].lower()
    assert first["cpu_seconds"] > 0
    assert first["load_cpu_seconds"] > 0
    assert second["turns"] == []


def test_a_file_that_is_not_audio_is_named_and_the_others_are_transcribed(tmp_path: Path) -> None:
    page = tmp_path / "page.wav"
    page.write_text("<html>")
    noise = write(tmp_path / "noise.wav", ringing(2))

    done = transcribe("--json", str(page), str(noise))

    assert done.returncode == 1
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == [str(noise)]
    assert f"{page}: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_that_cannot_be_had_is_said_in_one_sentence(tmp_path: Path) -> None:
    done = transcribe("--json", "--model", "colossal", str(tmp_path / "call.wav"))

    assert done.returncode == 1
    assert "'colossal'" in done.stderr
    assert "Traceback" not in done.stderr
