"""What people write to Brightwell, the maker of heat pumps whose customers live in this world."""

from __future__ import annotations

BRAND = "Brightwell"
BRAND_HANDLE = "brightwell"
BRAND_SITE = "https://www.brightwell.example"

MENTIONS = (
    "@brightwell which heat pump would you suggest for a 1930s semi? Getting quotes this month.",
    "Thinking of switching to @brightwell. Anyone know what the HP9 costs installed?",
    "@brightwell can someone call me about a quote for 40 units? We are refitting three hotels.",
    "@brightwell my unit shows error E7 since this morning and the house is freezing",
    "Third day without heating, third ticket, still no answer @brightwell. Unacceptable.",
    "@brightwell still waiting for the engineer who was due at 9. It is 4pm.",
    "Shout-out to Maria at @brightwell support, fixed in ten minutes!",
    "Loving the new @brightwell app. Heating bill down by a third.",
    "@brightwell does the HP9 work with underfloor heating?",
    "@brightwell is the state subsidy still available in December?",
    "@brightwell bitte um Rückruf, meine Wärmepumpe ist sehr laut",
    "@brightwell le technicien n'est jamais venu, que faire ?",
    "@brightwell ¿hacéis instalaciones en Sevilla? Necesito presupuesto",
    "Moved house and want to cancel my maintenance plan, how? @brightwell",
    "@brightwell the invoice charges me twice for the same visit. Please check.",
    "@brightwell we run a chain of dental practices and need a maintenance contract. Who do I talk to?",
)
POSTS = (
    "Can anybody recommend a heat pump that is quiet? Neighbours are close.",
    "Our heat pump quote came in at 14k. Is Brightwell worth it?",
    "heat pump installed today, the kids are impressed, the cat is not",
    "Is a heat pump any good in an old stone house? Brightwell says yes",
    "Looking for a heat pump installer near me, any tips?",
    "Win a FREE heat pump, follow and retweet!!! #giveaway",
)
TICKETS = (
    ("Error E7 on HP9", "Hello, my HP9 shows error E7 and stops after two minutes. What can I do?"),
    (
        "No heating since yesterday",
        "There has been no heating since yesterday evening. We have small children. Please hurry.",
    ),
    ("Question about the invoice", "I was charged twice for the October visit. Please correct the invoice."),
    (
        "Quote for office building",
        "We are planning to replace the heating of our office (1,200 m2) and would like a quote.",
    ),
    ("Change of address", "We have moved. Please update my address and the phone number below."),
    ("App does not connect", "The app says 'device offline' although the unit runs."),
    ("Cancel maintenance plan", "I would like to cancel my maintenance plan at the end of the month."),
    ("Noise at night", "The outdoor unit is much louder than before, especially at night."),
    ("Please stop the newsletters", "I no longer wish to receive advertising by e-mail. Please take me off your list."),
    ("Great service", "Just wanted to say thank you to your engineer. Very kind and quick."),
    ("Upgrade to HP12", "Is it possible to upgrade from the HP9 to the HP12, and what would it cost?"),
    ("Wärmepumpe verliert Wasser", "Guten Tag, seit heute tropft Wasser aus dem Innengerät. Bitte um Rückruf."),
)
ANSWERS = (
    "Thank you for your message. Could you send us the serial number of the unit?",
    "We have booked an engineer for you. You will get a confirmation by e-mail.",
    "I have corrected this for you. Please let us know if anything else is missing.",
)
FOLLOW_UPS = (
    "The serial number is HP9-{number}. Thanks!",
    "Any news on this?",
    "It works again now, thank you.",
    "That did not help, the same error came back an hour later.",
)
CAMPAIGNS = (
    "2026-09 Autumn service", "2026-10 Heat pump guide", "2026-10 Trade fair follow-up", "2026-11 Winter check",
    "2026-11 Subsidy webinar",
)  # fmt: skip
FORMS = ("Request a quote", "Download the buyer's guide", "Webinar sign-up", "Call me back")
PAGES = ("/heat-pumps/hp9", "/pricing", "/subsidies", "/business", "/support/errors/e7", "/contact")
DEALS = ("HP9 installation", "HP12 upgrade", "Maintenance plan", "Office refit", "Hotel refit", "Service contract")
STAGES = ("Prospecting", "Qualification", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost")
