"""The bulk road: many thousands of changes as files."""
