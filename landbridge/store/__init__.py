"""Tables, transactions and bulk moves: the one place that speaks to PostgreSQL."""
