"""What becomes of a person's CRM records when they turn out to be one, two again, or none: docs/decisions/0023."""
