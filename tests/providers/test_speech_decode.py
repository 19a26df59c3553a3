from pathlib import Path

import numpy as np
import pytest

from providers.errors import Rejected, Unavailable
from providers.speech.decode import BY_HAND, NARROW, WIDE, pieces
from tests.providers.speech_files import silence, tone, write, write_empty


def test_two_channels_are_kept_apart(tmp_path: Path) -> None:
    audio = write(tmp_path / "call.wav", tone(3, 440), silence(3))

    (piece,) = pieces(audio)

    assert np.abs(piece.wide[0]).max() > 0.25
    assert np.abs(piece.wide[1]).max() == 0
    assert np.abs(piece.narrow[1]).max() == 0


def test_one_channel_stays_one_channel(tmp_path: Path) -> None:
    (piece,) = pieces(write(tmp_path / "call.wav", tone(1, 440)))

    assert piece.wide.shape == (1, WIDE)
    assert piece.narrow.shape == (1, NARROW)


def test_a_long_recording_comes_in_pieces_of_a_minute_that_add_up(tmp_path: Path) -> None:
    audio = write(tmp_path / "call.wav", tone(150, 440), silence(150))

    found = list(pieces(audio))

    assert [piece.seconds for piece in found] == pytest.approx([60, 60, 30], abs=0.01)
    assert [piece.narrow.shape[1] / NARROW for piece in found] == pytest.approx([60, 60, 30], abs=0.01)
    assert [piece.is_last for piece in found] == [False, False, True]
    assert [piece.share for piece in found] == pytest.approx([0.4, 0.8, 1.0], abs=0.01)


def test_both_rates_stay_in_step_from_piece_to_piece(tmp_path: Path) -> None:
    click = silence(121)
    click[120 * NARROW : 120 * NARROW + 80] = 0.5
    *_, last = pieces(write(tmp_path / "call.wav", click))

    assert np.argmax(last.wide[0] > 0.2) / WIDE == pytest.approx(0, abs=0.002)
    assert np.argmax(last.narrow[0] > 0.2) / NARROW == pytest.approx(0, abs=0.002)


@pytest.mark.parametrize(("suffix", "codec"), [("wav", "pcm_s16le"), ("flac", "flac"), ("mp3", "libmp3lame")])
def test_a_format_is_told_by_the_first_bytes_and_not_by_the_name(tmp_path: Path, suffix: str, codec: str) -> None:
    audio = write(tmp_path / f"call.{suffix}", tone(2, 440), codec=codec).rename(tmp_path / "recording")

    (piece,) = pieces(audio, BY_HAND)

    assert piece.seconds == pytest.approx(2, abs=0.2)


def test_mu_law_of_the_telephone_network_is_audio(tmp_path: Path) -> None:
    (piece,) = pieces(write(tmp_path / "call.wav", tone(2, 440), codec="pcm_mulaw"))

    assert np.abs(piece.narrow).max() == pytest.approx(0.3, abs=0.02)


def test_storage_gives_wav_and_nothing_else(tmp_path: Path) -> None:
    audio = write(tmp_path / "call.flac", tone(2, 440), codec="flac").rename(tmp_path / "call.wav")

    with pytest.raises(Rejected) as error:
        list(pieces(audio))

    assert error.value.outcome == "not_audio"


@pytest.mark.parametrize(
    "content",
    [b"", b"R", b"<html><body>Not found</body></html>", b"RIFF\x24\x00\x00\x00WAVE" + b"\x07" * 500, b"\xff\xfbnoise"],
)
def test_what_is_not_audio_is_rejected(tmp_path: Path, content: bytes) -> None:
    audio = tmp_path / "call.wav"
    audio.write_bytes(content)

    with pytest.raises(Rejected) as error:
        list(pieces(audio, BY_HAND))

    assert (error.value.reason, error.value.outcome) == ("not_audio", "not_audio")


def test_a_file_that_cannot_be_read_is_tried_again_later(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as error:
        list(pieces(tmp_path / "gone.wav"))

    assert str(tmp_path) not in str(error.value)


def test_a_recording_without_a_sample_lasts_no_time(tmp_path: Path) -> None:
    (piece,) = pieces(write_empty(tmp_path / "call.wav"))

    assert (piece.seconds, piece.share, len(piece.wide)) == (0, 1, 2)
