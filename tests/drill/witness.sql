-- What the drill sees of every transaction, in a schema of its own: rows that are rolled back are not seen.
CREATE SCHEMA drill;

CREATE TABLE drill.moved (
    id bigserial PRIMARY KEY, at timestamptz DEFAULT clock_timestamp(), transaction xid8 DEFAULT pg_current_xact_id(),
    call_id int, place text, was text, became text);

CREATE TABLE drill.held (
    id bigserial PRIMARY KEY, at timestamptz DEFAULT clock_timestamp(), transaction xid8 DEFAULT pg_current_xact_id(),
    call_id int, stage text, business_id int, claim bigint, worker text, attempts int, taken boolean);

CREATE TABLE drill.written (
    id bigserial PRIMARY KEY, at timestamptz DEFAULT clock_timestamp(), transaction xid8 DEFAULT pg_current_xact_id(),
    call_id int, stage text, said_by text);

CREATE FUNCTION drill.see_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO drill.moved (call_id, place, was, became)
    SELECT NEW.id, place, was, became
    FROM (VALUES
        ('recording_status', OLD.recording_status, NEW.recording_status),
        ('recording_download_status', OLD.recording_download_status, NEW.recording_download_status),
        ('transcript_status', OLD.transcript_status, NEW.transcript_status),
        ('summary_status', OLD.summary_status, NEW.summary_status)) AS seen (place, was, became)
    WHERE was IS DISTINCT FROM became;
    RETURN NULL;
END $$;

CREATE FUNCTION drill.see_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.claim IS NOT NULL AND
       (TG_OP = 'DELETE' OR (OLD.claim, OLD.business_id) IS DISTINCT FROM (NEW.claim, NEW.business_id)) THEN
        INSERT INTO drill.held (call_id, stage, business_id, claim, worker, attempts, taken)
        VALUES (OLD.call_id, OLD.stage, OLD.business_id, OLD.claim, OLD.worker, OLD.attempts, false);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.claim IS NOT NULL AND
       (TG_OP = 'INSERT' OR (OLD.claim, OLD.business_id) IS DISTINCT FROM (NEW.claim, NEW.business_id)) THEN
        INSERT INTO drill.held (call_id, stage, business_id, claim, worker, attempts, taken)
        VALUES (NEW.call_id, NEW.stage, NEW.business_id, NEW.claim, NEW.worker, NEW.attempts, true);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION drill.see_result() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO drill.written (call_id, stage, said_by)
    SELECT NEW.call_id, stage, NEW.said_by
    FROM (VALUES ('downloaded', 'download'), ('transcribed', 'transcript'), ('summarized', 'summary'))
        AS results (event, stage)
    WHERE event = NEW.event;
    RETURN NULL;
END $$;

CREATE TRIGGER drill_moves AFTER INSERT OR UPDATE ON call_log FOR EACH ROW EXECUTE FUNCTION drill.see_move();
CREATE TRIGGER drill_claims AFTER INSERT OR UPDATE OR DELETE ON task FOR EACH ROW EXECUTE FUNCTION drill.see_claim();
CREATE TRIGGER drill_results AFTER INSERT ON call_event FOR EACH ROW EXECUTE FUNCTION drill.see_result();
