"""The words around a signature, in seven languages: what people close with, and how programs mark what they quote.

Patterns for RE2, which never backtracks; all are meant for one line and any case.
"""

from __future__ import annotations

ENGLISH = (
    r"(?:with |wishing you )?(?:my |our )?(?:very )?(?:kind|kindest|best|warm|warmest|many|sincere|friendly) "
    r"(?:personal )?(?:regards|wishes|thanks|greetings)",
    r"regards|best|bests|all the best|cheers|warmly|respectfully|cordially|take care|rgds|br|kr|thx",
    r"sincerely(?: yours)?|yours(?: (?:sincerely|faithfully|truly))?",
    r"(?:many |thanks and |thank you and )(?:thanks|regards|best regards|kind regards)",
    r"(?:thanks|thank you)(?: (?:a lot|again|so much|very much|in advance|for (?:your|the) [a-z ]+))?",
    r"have a (?:nice|great|good|lovely) (?:day|evening|week|weekend)",
    r"(?:i am |i.m )?looking forward to (?:hearing from you|your (?:reply|answer|call))",
)
GERMAN = (
    r"(?:mit )?(?:den )?(?:freundlich|best|herzlich|lieb|viel|schön|schoen|sonnig)(?:e|en|em|er|s)? "
    r"(?:gr(?:ü|ue)(?:ß|ss)(?:e|en)?|gru(?:ß|ss)|dank(?: im voraus)?)",
    r"gr(?:ü|ue)(?:ß|ss)e|gru(?:ß|ss)|mfg|vg|lg|hochachtungsvoll|herzlichst",
    r"(?:vielen )?dank(?: im voraus| und gru(?:ß|ss)| und viele gr(?:ü|ue)(?:ß|ss)e)?|danke(?: schön| im voraus)?",
)
FRENCH = (
    r"(?:bien )?cordialement(?: vôtre)?|(?:bien |très )?(?:sincèrement|amicalement|respectueusement)",
    r"bien à (?:vous|toi)",
    r"(?:(?:mes )?(?:meilleures|sincères|cordiales) )?salutations(?: (?:distinguées|cordiales|les meilleures))?",
    r"(?:je vous prie|veuillez|nous vous prions) .*(?:salutations|sentiments|considération).*",
    r"merci(?: (?:beaucoup|d.avance|par avance|bien))?|(?:bonne|belle) (?:journée|soirée)",
)
SPANISH = (
    r"(?:un )?(?:(?:cordial|atento|afectuoso) )?saludos?(?: cordial(?:es)?)?|(?:le saluda )?atentamente|cordialmente",
    r"(?:muchas )?gracias(?: de antemano| y (?:un )?saludos?)?|(?:un )?abrazos?",
)
ITALIAN = (
    r"(?:(?:cordiali|distinti|cari|tanti|migliori|i migliori) )?saluti|cordialmente|buona (?:giornata|serata)",
    r"(?:(?:molte|tante) )?grazie(?: mille)?(?: (?:in anticipo|e (?:cordiali )?saluti))?",
)
DUTCH = (
    r"(?:met )?(?:(?:vriendelijke|hartelijke|beste|warme) )?groet(?:en|jes)?|mvg|hoogachtend",
    r"(?:hartelijk )?dank(?: (?:u|je) wel)?|(?:alvast )?bedankt(?: en groet(?:en)?)?",
)
PORTUGUESE = (
    r"(?:com os )?(?:(?:melhores|meus|atenciosos) )?cumprimentos|atenciosamente|abraços?|(?:muito )?obrigad[oa]",
)

CLOSING = "|".join((*ENGLISH, *GERMAN, *FRENCH, *SPANISH, *ITALIAN, *DUTCH, *PORTUGUESE))
"""What people close a mail with."""

FROM_PLACE = r"(?: (?:from|aus|nach|de|depuis|desde|da|dal|uit|vanuit) [\p{L} .-]+)?"
"""Best regards from Berlin."""

DELIMITER = r"(?:--|—|–|[-_*=~]{3,})"
"""A line that sets the signature off; "-- " is RFC 3676's own."""

DEVICE = (
    r"(?:sent|gesendet|von meinem|envoyé|enviado|inviato|verzonden|verstuurd|enviada) "
    r"(?:from|via|with|using|mit|von|de|depuis|à partir|desde|da|dal|vanaf|vanuit|met|do|iphone|mobiltelefon).*"
    r"|(?:get|holen sie sich|obtenir|obtener) outlook .*"
)
"""What a program adds by itself: nobody's signature."""

_SAYS_WROTE = r"wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu"
QUOTED = "|".join(
    (
        r">|&gt;",
        rf"[^\n]*(?:{_SAYS_WROTE})[^\n]*: *$",
        rf"(?:on|am|le|el|il|op|em|a) [^\n]*\n[^\n]*(?:{_SAYS_WROTE})[^\n]*: *$",
        r"[*_]{0,2}(?:from|von|de|da|van|expéditeur|mittente|afzender|remitente) ?:",
        r"(?:begin forwarded|forwarded by|anfang der weitergeleiteten|début du message|inicio del mensaje)",
        r"-{3,} ?[^\n-]{3}[^\n-]* ?-{3,} *$",  # -----Original Message-----, in any language
        r"##-[^\n]*-##",  # Zendesk's "type your reply above this line"
    )
)
"""The start of a line from where on it is somebody else who speaks."""

ROLES_AT_WORK = (
    "manager|director|head|chief|officer|engineer|consultant|assistant|lead|president|founder|owner|partner|analyst|"
    "developer|accountant|administrator|technician|sales|marketing|support|service|team|department|office|family|ceo|"
    "cto|cfo|coo|vp|phd|leiter|leiterin|leitung|geschäftsführer|geschäftsführerin|vertrieb|einkauf|buchhaltung|"
    "kundenservice|abteilung|familie|inhaber|inhaberin|directeur|directrice|responsable|gérant|service client|famille|"
    "gerente|jefe|jefa|familia|direttore|responsabile|ufficio|famiglia|directeur|verkoop|afdeling|diretor|diretora"
)
"""Words of a position or a group: a line with one of them names no person."""

FAX = "fax|telefax|f|téléfax"
NUMBERED = (
    "ust|ustid|ust-id|idnr|vat|hrb|hra|iban|bic|siret|siren|rcs|kvk|btw|nif|cif|iva|ticket|order|no|nr|n°|nº|case|ref|"
    "id|invoice|rechnung|kunde|kundennummer|customer|serial|steuernr|kto|konto|blz|zip|plz|reg|hp9|number"
)
"""Words before a number that is no phone's."""
