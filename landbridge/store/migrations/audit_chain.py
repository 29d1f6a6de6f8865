"""The audit chain lives in the database itself: whatever program inserts an event, it is chained, and stays.

An event's hash is the SHA-256, in hex, of these, joined by a newline: seq, at (UTC, microseconds), kind, actor,
subject, detail (as jsonb prints it), the previous hash. landbridge.trail.audit computes it independently and compares.
"""

AUDIT_CHAIN = (
    """
    CREATE FUNCTION audit_event_chain() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE last record;
    BEGIN
        -- One writer at a time, until its transaction ends: a chain has no branches and no holes.
        PERFORM pg_advisory_xact_lock(hashtextextended('landbridge audit', 0));
        SELECT seq, hash INTO last FROM audit_event ORDER BY seq DESC LIMIT 1;
        NEW.seq := coalesce(last.seq, 0) + 1;
        NEW.at := clock_timestamp();
        NEW.previous := coalesce(last.hash, '');
        NEW.hash := encode(sha256(convert_to(concat_ws(E'\\n',
            NEW.seq, to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            NEW.kind, NEW.actor, NEW.subject, NEW.detail::text, NEW.previous), 'UTF8')), 'hex');
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER audit_event_chain BEFORE INSERT ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_event_chain()
    """,
    """
    CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit trail only grows';
    END $$
    """,
    """
    CREATE TRIGGER audit_event_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse()
    """,
)
