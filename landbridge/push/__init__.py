"""Push: what of our leads would change in the CRM, who lets it, and how it gets there once.

What people do here, at the command line and in the console, each in one place that answers with plain values:
`plans` lists and shows, `approval` approves and drops, `holds` holds and lets go, `halt` stops and resumes all writing,
`refused` settles what the CRM refused, and flows.revert plans to take back what was written.
"""
