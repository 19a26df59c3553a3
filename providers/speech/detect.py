"""Where somebody speaks: the silero voice detector at telephone rate, all channels as one batch."""

from typing import Any, Final

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from providers.speech.decode import NARROW, Samples
from providers.speech.network import CONTEXT, FRAME, MEMORY, whole_stretch

FRAME_SECONDS: Final = FRAME / NARROW
AT_ONCE: Final = 256  # frames: as fast as more, in less memory

Probabilities = NDArray[np.float32]


class SpeechDetector:
    """The network, loaded once; it remembers nothing between recordings."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # there is a worker process for each core
        self._session: Any = onnxruntime.InferenceSession(
            whole_stretch(), sess_options=options, providers=["CPUExecutionProvider"]
        )

    def listen(self, channels: int) -> "Listening":
        return Listening(self._session, channels)


class Listening:
    """One recording being heard, piece after piece."""

    def __init__(self, session: Any, channels: int) -> None:
        self._session = session
        self._hidden = self._cell = np.zeros((1, channels, MEMORY), dtype=np.float32)
        self._context = np.zeros((channels, CONTEXT), dtype=np.float32)

    def probabilities(self, narrow: Samples) -> Probabilities:
        """Of speech, for each channel and frame; an incomplete last frame is filled with silence."""
        padded = np.pad(narrow, ((0, 0), (0, -narrow.shape[1] % FRAME)))
        heard = np.concatenate([self._context, padded], axis=1)
        self._context = heard[:, -CONTEXT:]
        if not padded.size:
            return np.empty((len(narrow), 0), dtype=np.float32)
        frames = sliding_window_view(heard, CONTEXT + FRAME, axis=1)[:, ::FRAME].swapaxes(0, 1)
        parts = [self._hear(frames[at : at + AT_ONCE]) for at in range(0, len(frames), AT_ONCE)]
        return np.concatenate(parts).T

    def _hear(self, frames: Samples) -> Probabilities:
        probabilities, self._hidden, self._cell = self._session.run(
            None, {"frames": np.ascontiguousarray(frames), "hidden": self._hidden, "cell": self._cell}
        )
        return np.asarray(probabilities, dtype=np.float32)
