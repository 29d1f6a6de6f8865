"""The console: where people see and decide. Pages on the server, the same verbs as a JSON API, no work of its own.

A page reads through plain functions and writes through the very commands that the command line uses, so nothing can
be done here that the trail would not know.
"""
