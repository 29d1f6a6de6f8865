"""The kept base: what a whole resolve made of every profile, in files, so that the next run need not make it again.

It is a cache. PostgreSQL stays the truth: what is missing, foreign, stale, torn or made by other code is thrown away,
and the next run resolves the whole base (docs/decisions/0010).

    file      its folder: opening it, the stamp that says whether it fits, and its commit after PostgreSQL's
    making    its tables, out of a whole resolve
    whole     those tables as files that are never written again, and looked up without being read (0036)
    base      what stands: they, and over them what changed since
    change    some profiles changed: new features, and whom they must be compared with
"""
