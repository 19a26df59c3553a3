"""Recordings of which it is known who says what: a folder with their files and clips.json.

clips.json is a list of {"id", "file", "lang", "seconds", "channels", "turns": [{"channel", "start", "end", "text"}]};
a recording without turns and with "text" "" holds no speech.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conf.settings import ROOT

DEMO = ROOT / "simulator" / "audio" / "demo_en.flac"
MODELS = {"en": "tiny.en"}
OTHER_MODEL = "base"


@dataclass(frozen=True)
class Clip:
    """One recording; seconds of its length. `said` is what is spoken on each channel, in order."""

    name: str
    path: Path
    language: str
    seconds: float
    said: Mapping[int, str]
    is_speech: bool

    @property
    def model(self) -> str:
        return MODELS.get(self.language, OTHER_MODEL)


def read(folder: Path) -> Sequence[Clip]:
    """The folder's calls with two channels, and what holds no speech; anything else is left out."""
    listed = json.loads((folder / "clips.json").read_text())
    return [
        _clip(folder / entry["file"], entry["id"], entry["lang"], entry["seconds"], entry.get("turns", []))
        for entry in listed
        if entry.get("turns") or entry.get("text") == ""
    ]


def demo() -> Sequence[Clip]:
    """The demo's own call, which the project carries: English only."""
    turns = json.loads(DEMO.with_suffix(".json").read_text())
    return [_clip(DEMO, "demo", "en", max(turn["end"] for turn in turns), turns)]


def _clip(path: Path, name: str, language: str, seconds: float, turns: Sequence[Mapping[str, Any]]) -> Clip:
    said: dict[int, list[str]] = {}
    for turn in sorted(turns, key=lambda turn: turn["start"]):
        said.setdefault(turn["channel"], []).append(turn["text"])
    return Clip(name, path, language, seconds, {number: " ".join(texts) for number, texts in said.items()}, bool(turns))
