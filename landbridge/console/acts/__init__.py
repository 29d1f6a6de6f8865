"""What pages and API alike do, in the caller's name."""
