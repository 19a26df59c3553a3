"""A call that we have whole, the phone company that has recorded it, and whoever deletes it."""

from collections.abc import Sequence
from pathlib import Path

from redis import Redis
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from db import deletions, stages, tasks
from db.engine import Database
from db.models import Base, CallLog, Deletion, Recording, Transcript
from db.tasks import seconds
from db.words import Stage
from jobs import deletions as jobs
from providers.storage import LocalStorage, Storage
from providers.telephony import Telephony
from tests.simulator.counted_speech import counted_speech
from tests.simulator.simulated_company import ACCOUNT, Company
from tests.support.calls import make_business
from tests.support.crew import make_maintenance, on_duty

NOWHERE = "http://127.0.0.1:9"
NUMBER, SECRET = "+14155550111", "the code is four seven two nine"
SPEECH = counted_speech(3)


class Scene:
    """One call that the phone company has recorded and that we have whole, and whoever deletes it."""

    def __init__(self, database: Database, redis: Redis, folder: Path, company: Company) -> None:
        self.database, self.redis, self.folder, self.company = database, redis, folder, company
        self.storage: Storage = LocalStorage(folder)
        known = company.call(SPEECH)
        self.call_sid = str(known["call_sid"])
        self.recording_sids = [recording["recording_sid"] for recording in known["recordings"]]
        self._keep()

    def _keep(self) -> None:
        name = f"{self.call_sid}/{self.recording_sids[0]}-1.wav"
        self.storage.save(name, [b"RIFF"], lambda path: None)
        texts = dict.fromkeys(("final_transcript", "transcription", "transcript", "summary", "last_error"), SECRET)
        business_id = make_business(self.database)
        with self.database.transaction() as session:
            numbers = {"from_number": NUMBER, "to_number": NUMBER, "recording_url": NUMBER}
            call = CallLog(call_sid=self.call_sid, business_id=business_id, **numbers, **texts)
            session.add(call)
            session.flush()
            for sid in self.recording_sids:
                session.add(Recording(call_id=call.id, recording_sid=sid, status="completed", file=name))
            session.add(Transcript(call_id=call.id, turns=[{"text": SECRET}], model="a model"))
            stages.note_interruption(session, call, Stage.SUMMARY, SECRET, said_by="a test")
            tasks.open_task(session, call, Stage.SUMMARY)

    def delete(self, *, ago: float = 100) -> None:
        with self.database.transaction() as session:
            deletions.request(session, self.call(session))
            past = func.timezone("utc", func.clock_timestamp() - seconds(ago))
            session.execute(update(CallLog).values(deleted_at=past))

    def call(self, session: Session) -> CallLog:
        return session.scalars(select(CallLog).where(CallLog.call_sid == self.call_sid).with_for_update()).one()

    def sweep(self, url: str | None = "", token: str = ACCOUNT.auth_token, lease: float = 1) -> None:
        """As if the last delay were over."""
        telephony = None if url is None else Telephony(ACCOUNT.account_sid, token, url or self.company.url)
        with self.database.transaction() as session:
            session.execute(update(Deletion).values(due_at=func.clock_timestamp()))
        maintenance = make_maintenance(self.database, self.redis, self.folder, telephony=telephony, lease=lease)
        with on_duty(maintenance):
            jobs.deletions()

    def open(self) -> list[tuple[int, str | None]]:
        """Attempts and reason of each deletion that goes on."""
        with self.database.transaction() as session:
            return [(row.attempts, row.reason) for row in session.scalars(select(Deletion))]

    def at_phone_company(self) -> Sequence[str]:
        telephony = Telephony(ACCOUNT.account_sid, ACCOUNT.auth_token, self.company.url)
        return [info.recording_sid for info in telephony.whole_list(self.call_sid)]

    def everything(self) -> str:
        """All rows of all tables, as text."""
        with self.database.transaction() as session:
            tables = [table.name for table in Base.metadata.sorted_tables if table.name != "deletion"]
            found = [session.scalars(text(f"SELECT t::text FROM {name} t")).all() for name in tables]
        return "\n".join(row for rows in found for row in rows)

    def is_gone(self) -> bool:
        assert self.at_phone_company() == []
        assert self.storage.find(f"{self.call_sid}/") == []
        left = self.everything()
        return SECRET not in left and NUMBER not in left and not any(sid in left for sid in self.recording_sids)
