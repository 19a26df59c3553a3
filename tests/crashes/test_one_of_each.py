"""One crash point of each kind, every day; the other files have all of them."""

import subprocess
import sys
from pathlib import Path
from signal import SIGKILL

import pytest

from conf.settings import ROOT
from tests import crash_at
from tests.crashes.bench import FIRES_WITHIN_SECONDS, Bench, Kill, read_marker
from tests.crashes.points import all_points, named
from tests.crashes.right_end import ends_well
from tests.crashes.test_deletions import deleted_with_a_kill, ends_as_a_tombstone

OF_WORKERS = (
    "transcript:progress:transcribe:50",
    pytest.param("transcript:commit:write:before", marks=pytest.mark.slow),
    pytest.param("summary:ask:ExtractiveSummarizer.summarize:after", marks=pytest.mark.slow),
)


def test_the_list_names_every_point_once(capsys: pytest.CaptureFixture[str]) -> None:
    crash_at.main(["--list"])

    names = capsys.readouterr().out.splitlines()
    assert names == [str(point) for point in all_points()]
    assert len(set(names)) == len(names)


def test_a_point_that_is_in_no_list_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASH_MARKER", "unused")

    with pytest.raises(SystemExit, match="no crash point"):
        crash_at.main(["download:commit:lunch:before", "jobs.worker", "recordings"])


def test_the_command_runs_a_worker_that_dies_between_a_files_place_and_its_row(bench: Bench, tmp_path: Path) -> None:
    point, marker = named("download:rename:file:after"), tmp_path / "fired"
    command = [sys.executable, "-m", "tests.crash_at", str(point), "jobs.worker", "recordings"]
    with bench.without("recordings"):
        placed = bench.call()
        environment = {**bench.births.environment, "CRASH_MARKER": str(marker)}
        died = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=FIRES_WITHIN_SECONDS)
    fired = read_marker(marker)

    assert (died.returncode, fired.point) == (-SIGKILL, str(point))
    ends_well(bench, Kill(placed.result(), fired))


@pytest.mark.parametrize("name", OF_WORKERS)
def test_a_call_whose_worker_was_killed_is_finished_once(bench: Bench, name: str) -> None:
    kill = bench.killed_worker(named(name), bench.call)

    ends_well(bench, kill)


def test_a_recording_is_fetched_though_the_web_process_was_killed_before_it_could_enqueue(bench: Bench) -> None:
    point = named("handle_recording:commit:admit_download:after")
    with bench.killed_web(point, lambda _: bench.call().result()) as kill:
        ends_well(bench, kill)


def test_sweeps_go_on_though_the_scheduler_was_killed_in_mid_tick(bench: Bench) -> None:
    with bench.without("scheduler"):
        placed = bench.call("drop=recording-completed")
        with bench.armed(named("scheduler:zadd:entry:after"), "scheduler") as armed:
            fired = armed.fired()

    ends_well(bench, Kill(placed.result(), fired), is_swept_late=True)


def test_a_deletion_goes_on_though_who_deletes_was_killed(bench: Bench) -> None:
    point = named("deletions:ask:Telephony.delete_recording:after")

    ends_as_a_tombstone(bench, deleted_with_a_kill(bench, point))
