"""The pages' verbs as JSON below /api/v1, described at /api/v1/openapi.json."""
