"""Stand-ins for outside systems: real HTTP servers over one seeded world of people, with faults on demand.

Start them with ``python -m sandbox``. Nothing here is imported by the product, and nothing of the product here.
"""
