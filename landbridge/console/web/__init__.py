"""What every page stands on: who calls, sessions, forms that nobody else can send, lists, words, headers."""
