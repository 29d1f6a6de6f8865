"""The desk: what people at the console ask for, kept ready by every run, and what they do with it."""
