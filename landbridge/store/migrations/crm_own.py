"""A CRM record's own word: what it says when our own writes are taken back. docs/decisions/0005 says why."""

CRM_OWN = (
    # The CRM tidies what it is given: it trims text, and tells times in its own form (...000+0000 for ...Z).
    """
    CREATE FUNCTION crm_alike(one jsonb, other jsonb) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$
        SELECT one = other OR CASE
            WHEN jsonb_typeof(one) <> 'string' OR jsonb_typeof(other) <> 'string' THEN false
            WHEN (one #>> '{}') ~ '^\\d{4}-\\d\\d-\\d\\dT' AND pg_input_is_valid(one #>> '{}', 'timestamptz')
                 AND pg_input_is_valid(other #>> '{}', 'timestamptz')
            THEN (one #>> '{}')::timestamptz = (other #>> '{}')::timestamptz
            ELSE trim(one #>> '{}') = trim(other #>> '{}') END
    $$
    """,
    """
    CREATE FUNCTION crm_own(payload text, fields jsonb, base jsonb) RETURNS jsonb IMMUTABLE LANGUAGE sql AS $$
        SELECT payload::jsonb || coalesce(
            (SELECT jsonb_object_agg(f.key, base -> f.key) FROM jsonb_each(fields) f
             WHERE crm_alike(payload::jsonb -> f.key, f.value)),
            '{}')
    $$
    """,
)
