"""What pages read: set-based, by index, a page at a time. Nothing here writes."""
