"""The stored files against the rows and against what the phone company sent."""

import hashlib
from collections.abc import Mapping

from simulator.audio import decode
from tests.drill.aftermath import part_files
from tests.drill.evidence import Evidence, Row
from tests.drill.findings import Finding

SHORTEST_TOLERANCE_SECONDS, TOLERANCE_SHARE = 2.0, 0.02

READY = """
    SELECT recording.*, call_log.call_sid, call_log.audio_bytes_len FROM call_log
    JOIN recording ON recording.recording_sid = call_log.recording_sid
    WHERE recording_download_status = 'ready'"""


def ready_means_bytes(evidence: Evidence) -> Finding:
    ready = evidence.ask(READY)
    sent = {one["recording_sid"]: one for one in evidence.recordings}
    broken = [f"{row['call_sid']} {wrong}" for row in ready if (wrong := _wrong(evidence, row, sent))]
    return Finding("I5", "ready files: SHA-256 and length are the phone company's", len(ready), broken)


def _wrong(evidence: Evidence, row: Row, sent: Mapping[str, Row]) -> str | None:
    path = evidence.witnesses.storage / (row["file"] or "no file")
    if not path.is_file():
        return "has no file"
    data, original = path.read_bytes(), sent[row["recording_sid"]]
    if not (hashlib.sha256(data).hexdigest() == row["sha256"] == original["sha256"]):
        return "has other bytes than the phone company sent"
    if not (len(data) == row["bytes_len"] == row["audio_bytes_len"]):
        return "has another length than its row says"
    tolerance = max(SHORTEST_TOLERANCE_SECONDS, TOLERANCE_SHARE * original["seconds"])
    return None if abs(decode(data).seconds - original["seconds"]) <= tolerance else "lasts too short or too long"


def storage_and_rows_agree(evidence: Evidence) -> Finding:
    storage = evidence.witnesses.storage
    files = {str(path.relative_to(storage)) for path in storage.rglob("*.wav")}
    rows = {row["file"] for row in evidence.ask("SELECT file FROM recording WHERE file IS NOT NULL")}
    broken = [f"{name} has no row" for name in sorted(files - rows)]
    broken += [f"{name} is no file" for name in sorted(rows - files)]
    broken += [f"{path.name} is left" for path in part_files(storage)]
    return Finding("I9", "files and rows are the same; no part files", len(files), broken)
