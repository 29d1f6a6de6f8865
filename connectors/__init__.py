"""One file an outside system. `base.py` says what a connector is."""
