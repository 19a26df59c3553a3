"""One-line sabotages of what the promise hangs on, each with the test that must fail on it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bug:
    """In `file`, `old` becomes `new`; `test` is where that must be noticed."""

    name: str
    file: str
    old: str
    new: str
    test: str


CLAIMS = "tests/db/test_claims.py::"
PIPELINE = "tests/jobs/test_pipeline.py::"
QUEUES = "tests/jobs/test_queues.py::"
SWEEPS = "tests/jobs/test_sweeps.py::"
LEGACY = "tests/legacy/"
ORDER = "tests/web/test_webhook_order.py::"

BUGS = (
    Bug(
        "two workers may claim one stage",
        "db/claims.py",
        "            Task.claim.is_(None),\n            Task.due_at <= func.clock_timestamp(),\n",
        "            Task.due_at <= func.clock_timestamp(),\n",
        f"{CLAIMS}test_of_many_processes_one_gets_each_call_and_a_business_never_more_than_its_slots",
    ),
    Bug(
        "counting slots without the line's lock",
        "db/claims.py",
        "        return True\n    _lock_line(session, stage, business_id)\n",
        "        return True\n",
        f"{CLAIMS}test_of_many_processes_one_gets_each_call_and_a_business_never_more_than_its_slots",
    ),
    Bug(
        "one slot too many",
        "db/claims.py",
        "    return (session.scalar(held) or 0) < slots",
        "    return (session.scalar(held) or 0) <= slots",
        f"{CLAIMS}test_waiting_for_a_slot_burns_nothing",
    ),
    Bug(
        "the attempt guard dropped",
        "db/claims.py",
        "            Task.attempts < terms.attempts,\n",
        "",
        f"{CLAIMS}test_attempts_run_out_and_a_refund_gives_one_back",
    ),
    Bug(
        "attempts not counted when claimed",
        "db/claims.py",
        "            attempts=Task.attempts + 1,",
        "            attempts=Task.attempts + 0,",
        f"{CLAIMS}test_a_claim_moves_the_status_and_counts_an_attempt",
    ),
    Bug(
        "a refund that gives nothing back",
        "db/claims.py",
        "attempts=Task.attempts - 1 if refund else Task.attempts",
        "attempts=Task.attempts",
        f"{PIPELINE}test_waiting_and_our_own_outage_cost_no_attempt",
    ),
    Bug(
        "claims before their time",
        "db/claims.py",
        "            Task.due_at <= func.clock_timestamp(),\n",
        "",
        f"{CLAIMS}test_a_stage_that_is_not_due_is_not_claimed",
    ),
    Bug(
        "a late worker may settle",
        "db/claims.py",
        "    mine = select(Task.claim).where(_is(held.call_id, held.stage), Task.claim == held.number)",
        "    mine = select(Task.claim).where(_is(held.call_id, held.stage), Task.claim.is_not(None))",
        f"{CLAIMS}test_a_late_worker_does_not_settle_the_next_workers_claim",
    ),
    Bug(
        "claim numbers used again",
        "db/claims.py",
        "            claim=FENCE.next_value(),",
        "            claim=Task.attempts + 1,",
        f"{CLAIMS}test_claim_numbers_are_never_used_twice",
    ),
    Bug(
        "running leases taken for ended ones",
        "db/claims.py",
        "        .where(Task.claim.is_not(None), Task.lease_until < func.clock_timestamp())\n",
        "        .where(Task.claim.is_not(None))\n",
        f"{CLAIMS}test_a_lease_that_is_over_is_found_and_a_running_one_is_not",
    ),
    Bug(
        "the newest waiting call goes first",
        "db/claims.py",
        ".order_by(Task.due_at, Task.call_id)",
        ".order_by(Task.due_at.desc(), Task.call_id)",
        f"{CLAIMS}test_admission_fills_the_free_slots_oldest_first",
    ),
    Bug(
        "admitting more than the slots",
        "db/claims.py",
        "        or_(Task.claim.is_not(None), Task.enqueued_at.is_not(None)),",
        "        or_(Task.claim.is_not(None), Task.claim.is_not(None)),",
        f"{CLAIMS}test_admission_fills_the_free_slots_oldest_first",
    ),
    Bug(
        "lost jobs never forgotten",
        "db/claims.py",
        "        .where(Task.claim.is_(None), Task.enqueued_at < func.clock_timestamp() - seconds(cooldown))",
        "        .where(Task.claim.is_(None), Task.enqueued_at > func.clock_timestamp())",
        f"{SWEEPS}test_a_flushed_redis_gets_its_jobs_back_after_the_cooldown",
    ),
    Bug(
        "giving up one attempt late",
        "jobs/pipeline.py",
        "    if error.counts and claim.attempts >= crew.terms.attempts:",
        "    if error.counts and claim.attempts > crew.terms.attempts:",
        f"{PIPELINE}test_a_call_is_given_up_when_its_attempts_are_used_up",
    ),
    Bug(
        "our own outage costs an attempt",
        "jobs/pipeline.py",
        "refund=not error.counts)",
        "refund=False)",
        f"{PIPELINE}test_waiting_and_our_own_outage_cost_no_attempt",
    ),
    Bug(
        "a result thrown away when PostgreSQL restarts",
        "jobs/pipeline.py",
        "            if crew.keeper.is_stopping():\n                raise\n",
        "            raise\n",
        f"{PIPELINE}test_what_was_found_out_is_written_once_postgres_is_back",
    ),
    Bug(
        "no backoff",
        "jobs/pace.py",
        "        shortest = self.base * 2 ** (attempts - 1)",
        "        shortest = self.base * attempts * 0",
        f"{PIPELINE}test_a_failed_attempt_is_tried_again_after_a_growing_delay",
    ),
    Bug(
        "the next call waits for a sweep",
        "jobs/pipeline.py",
        "            _let_in(crew, held)\n",
        "            pass\n",
        f"{PIPELINE}test_the_next_waiting_call_is_enqueued_as_soon_as_a_slot_is_free",
    ),
    Bug(
        "enqueueing without asking whether it is queued",
        "jobs/queues.py",
        "                    unique=True,",
        "                    unique=False,",
        f"{QUEUES}test_of_many_processes_at_once_one_enqueues",
    ),
    Bug(
        "clearing an ended job without watching it",
        "jobs/queues.py",
        "                pipe.watch(Job.key_for(job_id))",
        "                pipe.unwatch()",
        f"{QUEUES}test_after_an_earlier_job_has_ended_one_of_many_enqueues_again",
    ),
    Bug(
        "a killed worker's job blocks the next one",
        "jobs/queues.py",
        "            return not claims.is_claimed(session, stage, call_sid)",
        "            return False and not claims.is_claimed(session, stage, call_sid)",
        f"{QUEUES}test_the_job_of_a_killed_worker_does_not_block_the_next_attempt",
    ),
    Bug(
        "a job that fell off its queue blocks the next one",
        "jobs/queues.py",
        "            return self._is_in_no_list(job)",
        "            return False",
        f"{SWEEPS}test_a_job_that_fell_off_its_queue_is_enqueued_again",
    ),
    Bug(
        "an outage takes the workers' leases",
        "jobs/sweeps.py",
        "        if served >= crew.terms.lease:",
        "        if served >= 0:",
        f"{SWEEPS}test_leases_that_ended_while_no_sweep_ran_are_not_the_workers_fault",
    ),
    Bug(
        "a call that kills its workers is tried for ever",
        "jobs/sweeps.py",
        "    if held.attempts < crew.terms.attempts:",
        "    if held.attempts <= crew.terms.attempts:",
        f"{SWEEPS}test_a_call_that_killed_its_worker_at_every_attempt_is_given_up",
    ),
    Bug(
        "the list's watermark moves before the list is read",
        "jobs/reconcile.py",
        "    listed = telephony.recordings_between(start - OVERLAP, end)\n",
        "    with database.transaction() as early:\n"
        "        sweep_runs.note(early, NAME)\n"
        "        sweep_runs.move_watermark(early, NAME, end)\n"
        "    listed = telephony.recordings_between(start - OVERLAP, end)\n",
        "tests/jobs/test_reconcile.py::test_a_list_that_could_not_be_read_is_read_again",
    ),
    Bug(
        "a status may move down",
        "db/calls.py",
        '    return CALL_STATUS_ORDER[status] > CALL_STATUS_ORDER.get(known or "", -1)',
        "    return CALL_STATUS_ORDER[status] > -1 or known is None",
        f"{ORDER}test_a_status_never_moves_down",
    ),
    Bug(
        "a recording that completed can be absent",
        "db/recordings.py",
        "    if is_new or known.status not in FINAL:",
        "    if is_new or known.status:",
        f"{ORDER}test_a_recording_that_completed_stays_completed",
    ),
    Bug(
        "nobody asks for a call's lost end",
        "db/stages.py",
        "    if call.call_status in FINAL_CALL_STATUSES and has_recording_ended(call):",
        "    if has_recording_ended(call):",
        "tests/web/test_settling.py::"
        "test_a_recording_that_completed_before_its_call_has_the_phone_company_asked_for_the_end",
    ),
    Bug(
        "a second recording beside a running one",
        "jobs/record.py",
        "        if found:\n",
        "        if found and info.status in FINAL_CALL_STATUSES:\n",
        "tests/jobs/test_record.py::test_a_call_that_twiml_records_gets_no_second_recording",
    ),
    Bug(
        "a frozen server is waited for",
        "db/patience.py",
        "    return None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000",
        "    return 20_000",
        "tests/web/test_frozen.py::test_with_a_frozen_postgres_events_are_asked_for_again_and_callers_put_through",
    ),
    Bug(
        "everybody tries the frozen server",
        "db/breaker.py",
        "        if not self._admits():",
        "        if not self._admits() and self._rests_until is None:",
        "tests/web/test_frozen.py::test_a_crowd_in_front_of_a_frozen_postgres_is_answered_as_fast_as_one",
    ),
    Bug(
        "a changed parameter is believed",
        "web/gate.py",
        "    if not is_signed(_signed_address(), form, signature, settings.twilio_auth_tokens):",
        "    if not signature:",
        "tests/web/test_signatures.py::test_a_changed_parameter_breaks_the_signature",
    ),
    Bug(
        "HEAD fetches recordings",
        "web/api/recordings.py",
        '    if request.method == "GET":\n        call, status',
        "    if request.method:\n        call, status",
        "tests/web/test_stream.py::test_head_of_a_missing_recording_starts_nothing",
    ),
    Bug(
        "enqueueing a recording that was enqueued a moment ago",
        "web/audio.py",
        "    if last and (now - last).total_seconds() < settings.enqueue_cooldown_seconds:",
        "    if last and (now - last).total_seconds() < 0:",
        "tests/web/test_stream.py::test_the_questions_are_asked_in_their_order",
    ),
    Bug(
        "a retry starts what is running",
        "db/retries.py",
        "        if _status(call, watched) in AT_WORK or watched in claimed:",
        "        if _status(call, watched) is None:",
        "tests/web/test_retry.py::test_what_is_running_is_not_redone_nor_its_source_replaced",
    ),
    Bug(
        "an interrupted attempt's file fetched a second time",
        "jobs/download.py",
        "        return partial(self._settle, left or self._fetch(wanted, name, check))",
        "        return partial(self._settle, self._fetch(wanted, name, check) or left)",
        "tests/jobs/test_download.py::test_a_whole_file_left_by_a_killed_worker_is_taken_over",
    ),
    Bug(
        "a file of another length believed",
        "jobs/recording_files.py",
        "    audio.check_length(facts, announced)\n",
        "",
        "tests/jobs/test_download.py::test_what_is_not_the_recording_is_never_kept",
    ),
    Bug(
        "a late worker's file left lying",
        "jobs/pipeline.py",
        "        crew.disown(held)\n",
        "",
        "tests/jobs/test_pipeline.py::test_a_worker_that_has_lost_its_claim_removes_what_it_left_behind",
    ),
    Bug(
        "a recording that a call names is its own, whosever it is",
        "db/stages.py",
        "select(Recording).where(named, Recording.call_id == call.id)",
        "select(Recording).where(named)",
        f"{LEGACY}test_playing.py::test_of_two_calls_that_name_one_recording_the_one_that_has_it_plays",
    ),
    Bug(
        "a recording that two calls name is given to the first",
        "db/adoption/decide.py",
        "        return None if self._named_recording in self.contested else self._named_recording",
        "        return self._named_recording",
        f"{LEGACY}test_adoption.py::test_a_recording_that_two_calls_name_is_given_to_neither",
    ),
    Bug(
        "what is adopted already is adopted again",
        "db/adoption/old_calls.py",
        "            AND NOT EXISTS (SELECT FROM call_event e WHERE e.call_id = c.id)\n",
        "",
        f"{LEGACY}test_adoption.py::test_the_adoption_alone_run_again_changes_nothing",
    ),
    Bug(
        "a migration waits for a table as long as it takes",
        "db/migrations/locks.py",
        'LOCK_TIMEOUT = "500ms"',
        'LOCK_TIMEOUT = "20s"',
        f"{LEGACY}test_beside.py::test_somebody_who_never_ends_a_transaction_is_named_and_nobody_waits_behind_us",
    ),
    Bug(
        "half an index is taken for a whole one",
        "db/migrations/indexes.py",
        "    if not valid:\n",
        "    if valid is None:\n",
        f"{LEGACY}test_kills.py::test_an_index_that_a_killed_migration_left_half_built_is_built_anew",
    ),
    Bug(
        "processes start while calls are still being adopted",
        "db/schema.py",
        "    if revisions.pending(found):\n",
        "    if found is None:\n",
        f"{LEGACY}test_rules.py::test_columns_are_there_but_calls_are_still_being_adopted_so_nothing_starts",
    ),
    Bug(
        "new calls inherit an old table's defaults",
        "db/calls.py",
        '    .values(NEW_CALL | {"call_sid": bindparam("new_sid")})\n',
        '    .values(call_sid=bindparam("new_sid"))\n',
        f"{LEGACY}test_reading.py::test_a_new_call_inherits_nothing_from_old_defaults",
    ),
    Bug(
        "whoever is called operator sees every business",
        "db/users.py",
        '    "manager": Role.MANAGER,\n',
        '    "manager": Role.MANAGER,\n    "operator": Role.OPERATOR,\n',
        f"{LEGACY}test_reading.py::test_old_roles_mean_what_they_meant_and_nobody_becomes_an_operator_by_name",
    ),
    Bug(
        "calls without a time are on no page",
        "web/loader.py",
        "is_later], [has_no_time]]",
        "is_later]]",
        f"{LEGACY}test_reading.py::test_everybody_finds_all_own_calls_once_and_no_others",
    ),
    Bug(
        "a leg brings a deleted call's numbers back",
        "db/calls.py",
        " or _deleted_parent(session, facts) or ",
        " or ",
        "tests/web/test_delete.py::test_no_webhook_brings_it_back",
    ),
    Bug(
        "a deletion is over before the last worker is",
        "db/deletions.py",
        "CallLog.id == call.id, is_over)",
        "CallLog.id == call.id)",
        "tests/jobs/test_deletions.py::test_a_file_that_a_worker_puts_there_at_the_last_moment_does_not_stay",
    ),
    Bug(
        "a row that PostgreSQL refuses is told to the log and the queue page",
        "db/engine.py",
        '    event.listen(engine, "handle_error", _leave_out_the_row)\n',
        "",
        "tests/web/test_queue_page_secrets.py::test_no_page_of_it_tells_a_number_a_name_or_a_word_that_was_said",
    ),
)
