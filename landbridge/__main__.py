"""`python -m landbridge` is `landbridge`."""

from landbridge.cli.main import entry

if __name__ == "__main__":
    entry()
