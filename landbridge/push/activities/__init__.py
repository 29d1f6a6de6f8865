"""What happened with a person, as tasks and places in campaigns."""
