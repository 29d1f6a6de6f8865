"""One file a page: what it reads, which template shows it, which command a form calls."""
