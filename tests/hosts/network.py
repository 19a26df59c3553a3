"""A network of our own and hosts on it that share nothing but wires: Linux namespaces, which want root."""

import ctypes
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from conf.settings import ROOT

CLONE_NEWNET = 0x40000000
HUB = "10.77.0.1"
"""The hub's address on every wire."""

START_SECONDS = 10
STOP_SECONDS = 30

NAMESPACES = ("unshare", "--net", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc")

PLUG_IN = """
hostname "$1"
until ip link show eth0 > /dev/null 2>&1; do sleep 0.05; done
ip link set lo up
ip address add "$2/24" dev eth0
ip link set eth0 up
ip route add default via "$3"
shift 3
exec "$@"
"""


class NotAllowed(Exception):
    """Whoever asks may not make namespaces here, or can't."""


@contextmanager
def own_network() -> Iterator[None]:
    """The calling thread, and whatever it starts, is on a network of its own until the block ends: the hub's.

    Raises NotAllowed.
    """
    if not (shutil.which("unshare") and shutil.which("ip") and hasattr(ctypes.CDLL(None), "unshare")):
        raise NotAllowed("several hosts need Linux with unshare and ip")
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open() as before:
        if libc.unshare(CLONE_NEWNET):
            reason = os.strerror(ctypes.get_errno())
            raise NotAllowed(f"several hosts need the right to make network namespaces: {reason}")
        try:
            _run("ip", "link", "set", "lo", "up")
            _run("ip", "address", "add", f"{HUB}/32", "dev", "lo")
            yield
        finally:
            libc.setns(before.fileno(), CLONE_NEWNET)


@dataclass(frozen=True)
class Host:
    """A machine with its own name, network, process numbers and folder."""

    name: str
    wire: str
    folder: Path
    init: "subprocess.Popen[bytes]"

    def cut_off(self) -> None:
        """Pull its plug."""
        _run("ip", "link", "set", self.wire, "down")

    def kill(self) -> None:
        """Every process of it at once, as when the power goes."""
        self.init.kill()
        self.init.wait()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


@contextmanager
def host(number: int, folder: Path, command: Sequence[str], variables: Mapping[str, str]) -> Iterator[Host]:
    """One that runs a command until the block ends; its temporary files are in its own folder."""
    name, wire = f"host-{number}", f"wire{number}"
    (folder / "tmp").mkdir(parents=True)
    ours, theirs = f"10.77.{number}.1", f"10.77.{number}.2"
    with (folder / "log").open("ab") as log:
        init = subprocess.Popen(
            [*NAMESPACES, "sh", "-ec", PLUG_IN, "sh", name, theirs, ours, *command],
            cwd=ROOT,
            env={**variables, "TMPDIR": str(folder / "tmp")},
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        _await_network_of(init.pid)
        _run("ip", "link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", str(init.pid))
        _run("ip", "address", "add", f"{ours}/24", "dev", wire)
        _run("ip", "link", "set", wire, "up")
        yield Host(name, wire, folder, init)
    finally:
        init.kill()
        init.wait(STOP_SECONDS)


def _await_network_of(pid: int) -> None:
    """Until it has left ours."""
    ours = Path("/proc/thread-self/ns/net").readlink()
    deadline = time.monotonic() + START_SECONDS
    while Path(f"/proc/{pid}/ns/net").readlink() == ours:
        assert time.monotonic() < deadline, "the host does not start"
        time.sleep(0.02)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
