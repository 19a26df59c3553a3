"""Child processes that end with us, also when we are killed."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

PR_SET_PDEATHSIG = 1
"""prctl(2): have the kernel send a signal when the parent dies. Linux only."""


def start(command: list[str], *, stop_signal: signal.Signals, **options: Any) -> "subprocess.Popen[bytes]":
    """Start a child in a process group of its own: Ctrl-C reaches us alone, and we stop it in our order."""
    return subprocess.Popen(  # noqa: S603 - our own commands
        command, process_group=0, preexec_fn=die_with_parent(stop_signal), **options
    )


def stop(child: "subprocess.Popen[bytes]", stop_signal: signal.Signals, seconds: float) -> None:
    """Ask it to stop, wait, and insist."""
    if child.poll() is None:
        child.send_signal(stop_signal)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """What a child is to call after its fork; None where the kernel offers no such thing."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, stop_signal)

    return ask_kernel
