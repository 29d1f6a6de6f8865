"""The kept base: what a whole resolve made of every profile, in a file, so that the next run need not make it again.

It is a cache. PostgreSQL stays the truth: a file that is missing, foreign, stale, torn or made by other code is thrown
away, and the next run resolves the whole base (docs/decisions/0010).

    file      opening it, the stamp that says whether it fits, and its commit after PostgreSQL's
    making    its tables, out of a whole resolve
    change    some profiles changed: new features, and whom they must be compared with
"""
