"""Recordings for the speech tests: sounds made with numpy, and the demo's conversation."""

import json
import wave
from pathlib import Path
from typing import Any, cast

import av
import numpy as np

from conf.settings import ROOT
from providers.speech.decode import BY_HAND, NARROW, Samples, pieces

DEMO = ROOT / "simulator" / "audio" / "demo_en.flac"
SCRIPT: list[dict[str, Any]] = json.loads(DEMO.with_suffix(".json").read_text())


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * NARROW), dtype=np.float32)


def tone(seconds: float, *frequencies: float) -> Samples:
    time = np.arange(round(seconds * NARROW)) / NARROW
    waves = [np.sin(2 * np.pi * frequency * time) for frequency in frequencies]
    return (0.3 * np.mean(waves, axis=0)).astype(np.float32)


def ringing(seconds: float) -> Samples:
    """What a caller hears: two seconds of two tones, four of nothing."""
    return np.resize(np.concatenate([tone(2, 440, 480), silence(4)]), round(seconds * NARROW))


def busy(seconds: float) -> Samples:
    return np.resize(np.concatenate([tone(0.5, 480, 620), silence(0.5)]), round(seconds * NARROW))


def hiss(seconds: float) -> Samples:
    return np.random.default_rng(0).normal(0, 0.03, round(seconds * NARROW)).astype(np.float32)


def hold_music(seconds: float) -> Samples:
    """Chords and a melody, on and on."""
    draw = np.random.default_rng(3)
    bars = [_bar(draw) for _ in range(-(-round(seconds) // 2))]
    return (np.concatenate(bars)[: round(seconds * NARROW)] * 0.3).astype(np.float32)


SCALE = (261.6, 293.7, 329.6, 349.2, 392.0, 440.0, 493.9, 523.3)


def _bar(draw: np.random.Generator) -> Samples:
    """Two seconds: three notes held, four played over them."""
    root = draw.choice(SCALE[:5]) / 2
    bar = sum(_note(root * share, 2) for share in (1, 1.25, 1.5)) / 2
    for beat in range(4):
        at = beat * NARROW // 2
        bar[at : at + NARROW // 2] += _note(draw.choice(SCALE), 0.5)
    return np.asarray(bar, dtype=np.float32)


def _note(pitch: float, seconds: float) -> Samples:
    at = np.arange(round(seconds * NARROW)) / NARROW
    overtones = [np.sin(2 * np.pi * pitch * number * at) / number**1.3 for number in range(1, 6)]
    return np.asarray(sum(overtones) * np.minimum(1, at / 0.02) * np.exp(-1.5 * at) / 2, dtype=np.float32)


def conversation() -> Samples:
    """The demo's two channels at telephone rate."""
    return np.concatenate([piece.narrow for piece in pieces(DEMO, BY_HAND)], axis=1)


def through_a_band(channels: Samples, lowest: float, highest: float) -> Samples:
    """As through a line that lets nothing under and nothing over these pass, in Hz."""
    tones, pitches = np.fft.rfft(channels, axis=1), np.fft.rfftfreq(channels.shape[1], 1 / NARROW)
    tones[:, (pitches < lowest) | (pitches > highest)] = 0
    return np.fft.irfft(tones, channels.shape[1], axis=1).astype(np.float32)


def write_empty(file: Path) -> Path:
    """Two channels without a sample."""
    with wave.open(str(file), "wb") as audio:
        audio.setparams((2, 2, NARROW, 0, "NONE", ""))
    return file


def write(file: Path, *channels: Samples, codec: str = "pcm_s16le") -> Path:
    """Write 8 kHz audio in the container that the file's name asks for."""
    layout = "stereo" if len(channels) == 2 else "mono"
    interleaved = (np.stack(channels, axis=1).reshape(1, -1) * 32767).astype(np.int16)
    with av.open(str(file), "w") as container:
        stream = cast(av.AudioStream, container.add_stream(codec, rate=NARROW, layout=layout))
        frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=layout)
        frame.sample_rate = NARROW
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file
