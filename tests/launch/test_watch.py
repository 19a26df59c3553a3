"""Who has left a mark and then none for too long is frozen; who could not be seen, or has never left one, is not."""

from launch.watch import WEB, Process, Watch

FROZEN = 100.0
TICK = 20.0
WORKER = Process("second-zero:transcripts", "transcripts", 71)
FRONT = Process("second-zero:web", WEB, 72)


def first_found(watch: Watch, looks: list[dict[Process, str | None]], process: Process = WORKER) -> float | None:
    """The time of the first look, one a tick, at which the process counts as frozen."""
    for number, found in enumerate(looks):
        if process in watch.look(found, number * TICK, TICK):
            return number * TICK
    return None


def test_a_mark_that_stays_the_same_for_too_long_is_that_of_a_frozen_process() -> None:
    assert first_found(Watch(FROZEN), [{WORKER: "a"}] * 10) == FROZEN


def test_one_that_has_gone_is_no_new_mark() -> None:
    """A frozen worker's heartbeat expires; and Redis may be flushed."""
    assert first_found(Watch(FROZEN), [{WORKER: "a"}, *[{WORKER: None}] * 9]) == FROZEN


def test_new_marks_are_a_sign_of_life() -> None:
    assert first_found(Watch(FROZEN), [{WORKER: str(number)} for number in range(20)]) is None


def test_who_has_never_left_a_mark_is_still_starting() -> None:
    assert first_found(Watch(FROZEN), [{WORKER: None}] * 20) is None


def test_time_in_which_nobody_could_be_seen_does_not_count() -> None:
    """Redis was down: its workers could leave no mark."""
    looks: list[dict[Process, str | None]] = [{WORKER: "a"}, {WORKER: "a"}, *[{}] * 8, *[{WORKER: "a"}] * 6]

    assert first_found(Watch(FROZEN), looks) == 10 * TICK + FROZEN


def test_time_in_which_we_were_frozen_ourselves_does_not_count() -> None:
    watch = Watch(FROZEN)
    watch.look({WORKER: "a"}, 0.0, TICK)

    assert watch.look({WORKER: "a"}, 500.0, TICK) == {}
    assert watch.look({WORKER: "a"}, 520.0, TICK) == {}


def test_another_process_of_the_same_name_begins_anew() -> None:
    again = Process(WORKER.name, WORKER.kind, 99)
    looks: list[dict[Process, str | None]] = [*[{WORKER: "a"}] * 4, *[{again: "b"}] * 4]

    assert first_found(Watch(FROZEN), looks, again) is None


def test_the_web_process_is_waited_for_less_long() -> None:
    found = first_found(Watch(FROZEN), [{FRONT: "a"}, *[{FRONT: None}] * 9], FRONT)

    assert found is not None
    assert FROZEN / 2 < found < FROZEN


def test_looks_that_are_rarer_than_a_freeze_is_long_find_it_all_the_same() -> None:
    watch = Watch(TICK / 2)
    watch.look({WORKER: "a"}, 0.0, TICK)

    assert watch.look({WORKER: "a"}, TICK, TICK) == {WORKER: TICK}
