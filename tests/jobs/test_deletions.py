"""What somebody has deleted is erased, here and at the phone company, however often something is in the way."""

from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import delete, func, select, text, update

from db import adoption, claims, deletions, events, recordings, sweep_runs, tasks
from db.engine import Database
from db.models import CallLog, Deletion, Recording
from db.recordings import RecordingFacts
from db.words import Stage
from jobs import deletions as jobs
from jobs import reconcile, sweeps
from jobs.download import Download
from jobs.pipeline import Crew
from providers.storage import LocalStorage
from providers.telephony import Telephony
from tests.jobs.deletion_scene import NOWHERE, NUMBER, SECRET, Scene
from tests.simulator.counted_speech import counted_speech
from tests.simulator.simulated_company import ACCOUNT, Company
from tests.support.calls import TERMS
from tests.support.crew import PACE, make_crew, make_maintenance, on_duty, work


@pytest.fixture
def scene(database: Database, redis: Redis, tmp_path: Path, company: Company) -> Scene:
    return Scene(database, redis, tmp_path / "recordings", company)


def test_all_of_it_goes_and_a_tombstone_stays(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    assert len(scene.at_phone_company()) == 1
    assert SECRET in scene.everything()
    scene.delete()

    with caplog.at_level("INFO"):
        scene.sweep()

    assert scene.is_gone()
    assert scene.open() == []
    with scene.database.transaction() as session:
        call = scene.call(session)
        kept = {name for name, value in vars(call).items() if value is not None and not name.startswith("_")}
    assert kept == {"id", "call_sid", "business_id", "created_at", "deleted_at", "updated_at"} | set(deletions.ENDED)
    assert f"CALL_DELETED call_sid={scene.call_sid}" in caplog.text


def test_columns_of_an_old_installation_go_too(scene: Scene) -> None:
    """Also those that may not be empty: they get their default."""
    with scene.database.transaction() as session:
        session.execute(text(f"ALTER TABLE call_log ADD COLUMN extracted_city TEXT DEFAULT '{SECRET}'"))
        session.execute(text("ALTER TABLE call_log ADD COLUMN status TEXT NOT NULL DEFAULT 'received'"))
        session.execute(text("UPDATE call_log SET status = extracted_city"))
    try:
        scene.delete()
        scene.sweep()
        assert scene.is_gone()
    finally:
        with scene.database.transaction() as session:
            session.execute(text("ALTER TABLE call_log DROP COLUMN extracted_city, DROP COLUMN status"))


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ({"url": None}, "no_credentials"),
        ({"url": NOWHERE}, "phone_company"),
        ({"token": "wrong"}, "credentials"),
    ],
    ids=["no account", "no answer", "refused"],
)
def test_whatever_is_in_the_way_it_is_tried_again_until_all_is_gone(
    trouble: dict[str, Any], reason: str, scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.delete()

    for _ in range(deletions.ENOUGH_ATTEMPTS + 5):
        scene.sweep(**trouble)

    assert scene.open() == [(deletions.ENOUGH_ATTEMPTS, reason)]
    assert scene.storage.find(f"{scene.call_sid}/") == []
    assert SECRET in scene.everything()  # the audio first
    assert f"DELETION_POSTPONED call_sid={scene.call_sid} reason={reason}" in caplog.text
    scene.sweep()
    assert scene.is_gone()
    assert scene.open() == []


def test_a_deletion_in_vain_waits_longer_each_time(scene: Scene) -> None:
    scene.delete()
    waits = []
    for _ in range(4):
        scene.sweep(NOWHERE)
        with scene.database.transaction() as session:
            waits.append(session.scalar(select(func.extract("epoch", Deletion.due_at - func.clock_timestamp()))))

    assert waits == sorted(waits)
    assert 8 < waits[0] <= 12
    assert waits[-1] <= PACE.longest


def test_our_disk_in_the_way_costs_nothing(scene: Scene) -> None:
    folder = scene.folder / scene.call_sid
    moved = folder.rename(scene.folder / "elsewhere")
    folder.symlink_to(folder)  # nobody gets to the end of it
    scene.delete()
    scene.sweep()
    assert scene.open() == [(1, "disk")]
    assert len(scene.at_phone_company()) == 1

    folder.unlink()
    moved.rename(folder)
    scene.sweep()
    assert scene.is_gone()


def test_a_recording_that_is_gone_there_already_counts_as_deleted(scene: Scene) -> None:
    scene.company.twilio.recordings(scene.recording_sids[0]).delete()
    scene.delete()
    scene.sweep()

    assert scene.is_gone()
    assert scene.open() == []


def test_a_call_that_the_phone_company_has_forgotten_loses_its_recordings_all_the_same(scene: Scene) -> None:
    scene.company.exchange.calls.pop(scene.call_sid)
    scene.delete()
    scene.sweep()

    assert scene.is_gone()
    assert scene.open() == []


def test_a_call_that_is_still_on_is_looked_at_until_it_has_ended(scene: Scene) -> None:
    call_sid = scene.company.place(counted_speech(60), speed=10)
    with scene.database.transaction() as session:
        session.execute(update(CallLog).values(call_sid=call_sid))
        session.execute(delete(Recording))
    scene.call_sid = call_sid
    scene.delete()

    scene.sweep()
    assert scene.open() == [(1, None)]
    assert scene.at_phone_company()

    scene.company.twilio.calls(call_sid).update(status="completed")
    scene.company.settled(call_sid)
    scene.sweep()
    assert scene.is_gone()
    assert scene.open() == []


def test_a_recording_that_is_told_of_after_the_end_is_deleted_too(scene: Scene) -> None:
    scene.delete()
    with scene.database.transaction() as session:
        session.execute(delete(Recording))
        session.execute(delete(Deletion))
    with scene.database.transaction() as session:
        facts = RecordingFacts(scene.recording_sids[0], "completed", NUMBER)
        assert not recordings.tell(session, scene.call(session), facts, said_by="twilio", ask_after=0)

    assert scene.open() == [(0, None)]
    scene.sweep()
    assert scene.is_gone()


def test_the_account_s_list_brings_nothing_back_and_has_what_it_names_deleted(scene: Scene) -> None:
    scene.delete()
    with scene.database.transaction() as session:
        session.execute(delete(Recording))
        session.execute(delete(Deletion))
    telephony = Telephony(ACCOUNT.account_sid, ACCOUNT.auth_token, scene.company.url)
    with on_duty(make_maintenance(scene.database, scene.redis, scene.folder, telephony=telephony, stuck=-2)):
        reconcile.recordings_there()
        sweeps.unlisted()
        sweeps.due()

    with scene.database.transaction() as session:
        assert tasks.open_stages(session, scene.call(session)) == {}
        assert [run.repaired for run in sweep_runs.standings(session, 1)] == [0, 0, 0]
    scene.sweep()
    assert scene.is_gone()


def test_a_row_that_is_set_back_by_hand_stays_deleted(scene: Scene) -> None:
    scene.delete()
    with scene.database.transaction() as session:
        session.execute(update(CallLog).values(recording_status="completed", recording_download_status="missing"))
    with on_duty(make_maintenance(scene.database, scene.redis, scene.folder)):
        sweeps.unlisted()

    with scene.database.transaction() as session:
        assert tasks.open_stages(session, scene.call(session)) == {}


def test_a_file_that_a_worker_puts_there_at_the_last_moment_does_not_stay(scene: Scene) -> None:
    """One that was killed before it could take it away again."""
    scene.delete(ago=0)
    scene.sweep(lease=60)
    assert scene.is_gone()
    assert scene.open() == [(1, None)]
    scene.storage.save(f"{scene.call_sid}/{scene.recording_sids[0]}-9.wav", [b"RIFF"], lambda path: None)

    scene.sweep(lease=0.001)
    assert scene.is_gone()
    assert scene.open() == []


def test_a_worker_that_downloads_at_that_moment_leaves_neither_file_nor_row(scene: Scene) -> None:
    with scene.database.transaction() as session:
        call = scene.call(session)
        call.recording_sid, call.recording_status = scene.recording_sids[0], "completed"
        session.execute(update(Recording).values(file=None, duration=3, channels=2))
        tasks.open_task(session, call, Stage.DOWNLOAD)
    scene.storage.delete(f"{scene.call_sid}/{scene.recording_sids[0]}-1.wav")

    work(_interrupted(scene), scene.call_sid)
    scene.sweep()

    assert scene.is_gone()


def _interrupted(scene: Scene) -> Crew:
    """A worker whose file has just got its name when somebody deletes the call."""

    class Slow(LocalStorage):
        def save(self, *arguments: Any) -> Any:
            saved = super().save(*arguments)
            assert self.find(f"{scene.call_sid}/")
            scene.delete()
            return saved

    telephony = Telephony(ACCOUNT.account_sid, ACCOUNT.auth_token, scene.company.url)
    trade = Download(telephony, Slow(scene.folder), scene.database, PACE)
    return make_crew(scene.database, scene.redis, trade)


def test_two_who_delete_at_once_do_not_take_the_same_call(scene: Scene) -> None:
    scene.delete()
    with scene.database.transaction() as first:
        assert deletions.take(first, PACE.after_failure)
        with scene.database.transaction() as second:
            assert deletions.take(second, PACE.after_failure) is None
    with scene.database.transaction() as session:
        assert deletions.take(session, PACE.after_failure) is None


def test_a_recording_that_is_told_of_while_the_others_are_deleted_is_not_forgotten(scene: Scene) -> None:
    scene.delete()
    with scene.database.transaction() as session:
        due = deletions.take(session, PACE.after_failure)
    assert due
    with scene.database.transaction() as session:
        deletions.hear_of(session, scene.call(session), "RE" + "9" * 32, "completed")
        assert not deletions.finish(session, due, scene.recording_sids, after=0)

    assert scene.open() == [(0, None)]
    scene.sweep()
    assert scene.is_gone()


def test_an_identifier_that_never_came_from_the_phone_company_names_no_folder(scene: Scene) -> None:
    neighbour = scene.folder.parent / "neighbour.wav"
    neighbour.write_bytes(b"RIFF")
    with scene.database.transaction() as session:
        session.execute(update(CallLog).values(call_sid=".."))
        session.execute(update(Recording).values(file=None))
    scene.call_sid = ".."
    scene.delete()
    with scene.database.transaction() as session:
        due = deletions.take(session, PACE.after_failure)
    assert due

    jobs._delete_files(LocalStorage(scene.folder), due)

    assert neighbour.exists()


def test_a_second_adoption_does_not_take_a_tombstone_for_an_old_call(scene: Scene) -> None:
    scene.delete()
    scene.sweep()
    with scene.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        adoption.adopt_calls(connection, adopt_days=7)

    assert scene.is_gone()
    with scene.database.transaction() as session:
        assert tasks.open_stages(session, scene.call(session)) == {}
        assert events.timeline(session, scene.call(session).id) == []


def test_nothing_claims_a_stage_of_a_deleted_call(scene: Scene) -> None:
    scene.delete()
    with scene.database.transaction() as session:
        tasks.open_task(session, scene.call(session), Stage.DOWNLOAD)
        assert claims.claim(session, Stage.DOWNLOAD, scene.call_sid, "a worker", TERMS) is None
