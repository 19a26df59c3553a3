"""Which files can be spoken on a call, and what becomes of their sound."""

import io

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.audio import Audio, NotAudio, decode, soft_tones
from tests.simulator.counted_speech import RATE, counted_speech, write_wav


def _encoded(samples: NDArray[np.int16], kind: str, codec: str, rate: int = RATE) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo" if samples.shape[0] == 2 else "mono")
        frame = av.AudioFrame.from_ndarray(samples.T.reshape(1, -1).copy(), format="s16", layout=stream.layout.name)
        frame.sample_rate = rate
        for piece in [*stream.encode(_resampled(frame, stream)), *stream.encode(None)]:
            container.mux(piece)
    return file.getvalue()


def _resampled(frame: av.AudioFrame, stream: av.AudioStream) -> av.AudioFrame:
    resampler = av.AudioResampler(format=stream.format.name, layout=stream.layout.name, rate=stream.rate)
    [converted] = resampler.resample(frame)
    return converted


@pytest.mark.parametrize("channels", [1, 2])
def test_wav_and_flac_lose_nothing(channels: int) -> None:
    speech = counted_speech(2, channels)

    for data in (write_wav(speech), _encoded(speech, "flac", "flac")):
        assert np.array_equal(decode(data).samples, speech)


def test_mp3_keeps_its_two_channels_and_its_length() -> None:
    tones = soft_tones(4).samples

    audio = decode(_encoded(tones, "mp3", "mp3"))

    assert audio.channels == 2
    assert audio.seconds == pytest.approx(4, abs=0.3)
    first, second = np.abs(audio.samples[:, RATE // 4 : 3 * RATE // 4].astype(int)).mean(axis=1)
    assert first > 20 * second, "the parties stay apart"


def test_other_rates_become_telephone_audio() -> None:
    audio = decode(_encoded(np.zeros((1, 48000), dtype=np.int16), "wav", "pcm_s16le", rate=48000))

    assert audio.seconds == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"This is a letter, not a recording.",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/x.wav\n",
        b"RIFF\x00\x00\x00\x00WAVEjunk",
        b"fLaC and then nothing",
        b"\xff\xfbnothing that an MP3 decoder could use",
        write_wav(np.zeros((2, 0), dtype=np.int16)),
    ],
)
def test_what_is_not_audio_is_refused(data: bytes) -> None:
    with pytest.raises(NotAudio):
        decode(data)


def test_everybody_is_heard_when_channels_are_mixed_and_nothing_wraps_round() -> None:
    loud = Audio(np.array([[30000, 100], [30000, -50]], dtype=np.int16))

    assert loud.mixed().samples.tolist() == [[32767, 50]]


def test_silence_from_end_to_end_is_not_trimmed() -> None:
    silence = Audio(np.zeros((2, 100), dtype=np.int16))

    assert silence.trimmed().samples.shape == (2, 100)


def test_a_cut_outside_the_audio_is_empty() -> None:
    assert Audio(counted_speech(1)).cut(5, 9).seconds == 0
    assert Audio(counted_speech(1)).cut(-1, 9).seconds == 1
