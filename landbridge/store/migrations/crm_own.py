"""A CRM record's own word: what it says when our own writes are taken back. docs/decisions/0005 says why."""

CRM_OWN = """
CREATE FUNCTION crm_own(payload text, fields jsonb, base jsonb) RETURNS jsonb IMMUTABLE LANGUAGE sql AS $$
    SELECT payload::jsonb || coalesce(
        (SELECT jsonb_object_agg(f.key, base -> f.key) FROM jsonb_each(fields) f
         WHERE payload::jsonb -> f.key = f.value),
        '{}')
$$
"""
