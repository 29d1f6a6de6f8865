"""What a lead must fulfil to leave, and what is held back until it does.

form.py    what may stand in mappings/quality/*.yaml      great.py  Great Expectations, and nothing else imports it
suite.py   load a suite, validate leads with it           pages.py  its pages made safe to open
hold.py    quarantine: held, released, by whom
"""
