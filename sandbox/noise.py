"""What happens to values on their way into a system: typos, nicknames, lost accents, six ways to write a phone."""

from __future__ import annotations

import unicodedata
from random import Random

from sandbox.locales import LOCALES, NICKNAMES
from sandbox.model import Phone

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {row[i]: (row[i - 1 : i] + row[i + 1 : i + 2]) for row in _ROWS for i in range(len(row))}
_TRUNKS = {locale.calling_code: locale.trunk for locale in LOCALES}
_UNFOLDABLE = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", "æ": "ae", "đ": "d"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
_LATIN = {
    own: latin
    for locale in LOCALES
    for name in (*locale.male, *locale.female, *locale.family)
    if "/" in name
    for own, latin in [name.split("/")]
}
_MAIL_TYPOS = {
    "gmail.com": ("gmial.com", "gmail.co", "gamil.com", "gmail.con"),
    "hotmail.com": ("hotmial.com", "hotmail.co"),
    "outlook.com": ("outlok.com",),
    "yahoo.com": ("yaho.com",),
}
_ABBREVIATIONS = (
    (" Street", " St"), (" Avenue", " Ave"), (" Road", " Rd."), (" Drive", " Dr"), (" Lane", " Ln"),
    (" Boulevard", " Blvd"), ("straße", "str."), ("Calle ", "C/ "), ("Avenida ", "Avda. "), ("avenue ", "av. "),
)  # fmt: skip
PLACEHOLDER_EMAILS = ("noemail@example.com", "test@test.com", "na@na.com", "unknown@example.com", "no@example.com")
PLACEHOLDER_PHONES = ("000", "0000000000", "1234567890", "n/a", "+10000000000")
ROLES = ("info", "sales", "office", "contact", "hello", "support", "admin")


def chance(rng: Random, share: float) -> bool:
    """True in ``share`` of cases."""
    return rng.random() < share


def fill_pattern(rng: Random, pattern: str) -> str:
    """One of the alternatives, with a digit for each ``#`` and a letter for each ``@``."""
    drawn = rng.choice(pattern.split("|"))
    letters = "ABCDEFGHJLNPRSTUWY"
    return "".join(str(rng.randrange(10)) if c == "#" else rng.choice(letters) if c == "@" else c for c in drawn)


def latin(name: str) -> str:
    """The Latin spelling that the bearer of a non-Latin name uses; other names as they are."""
    return _LATIN.get(name, name)


def fold(text: str) -> str:
    """Accents lost, as many systems do: ü becomes u, ß becomes ss. Non-Latin letters are kept."""
    stripped = unicodedata.normalize("NFKD", text.translate(_UNFOLDABLE))
    return unicodedata.normalize("NFC", "".join(c for c in stripped if not "\u0300" <= c <= "\u036f"))


def umlauts_spelled_out(text: str) -> str:
    """Müller as Mueller."""
    return text.translate(_UMLAUTS)


def slug(text: str) -> str:
    """Lower-case ASCII letters and digits only, for mailboxes, domains and handles."""
    return "".join(c for c in fold(latin(text)).lower() if c.isascii() and c.isalnum())


def typo(rng: Random, text: str) -> str:
    """One slip of the finger: neighbouring key, letter lost, two swapped, or one doubled; never the first letter."""
    if len(text) < 4:
        return text
    at = rng.randrange(1, len(text))
    letter = text[at]
    kind = rng.randrange(4)
    if kind == 0:
        return text[:at] + rng.choice(_NEIGHBOURS.get(letter.lower(), letter) or letter) + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    if kind == 2 and at > 1:
        return text[: at - 1] + letter + text[at - 1] + text[at + 1 :]
    return text[:at] + letter + text[at:]


def digit_typo(rng: Random, digits: str) -> str:
    """One digit wrong, not among the first three."""
    at = rng.randrange(3, len(digits))
    return digits[:at] + str((int(digits[at]) + rng.randrange(1, 9)) % 10) + digits[at + 1 :]


def nickname(rng: Random, given: str) -> str:
    """What friends call them; the name itself where no nickname is known."""
    return rng.choice(NICKNAMES.get(given, (given,)))


def written_phone(rng: Random, phone: Phone) -> str:
    """The number in one of six formats: E.164, spaced, with 00, national, with slash or brackets, bare."""
    code, digits = phone.calling_code, phone.national
    if chance(rng, 0.012):
        digits = digit_typo(rng, digits)
    trunk = _TRUNKS[code]
    groups = f"{digits[:3]} {digits[3:6]} {digits[6:]}"
    north_american = f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"
    formats = (
        f"+{code}{digits}",
        f"+{code} {groups}",
        f"00{code}{digits}" if code != "1" else f"+1-{digits[:3]}-{digits[3:6]}-{digits[6:]}",
        f"{trunk}{groups}" if code != "1" else north_american,
        f"{trunk}{digits[:3]}/{digits[3:]}" if code != "1" else f"{digits[:3]}.{digits[3:6]}.{digits[6:]}",
        f"{trunk}{digits}",
    )
    return rng.choices(formats, weights=(30, 25, 8, 20, 7, 10))[0]


def written_email(rng: Random, email: str) -> str:
    """An address as people type it: sometimes capitals, a plus tag, other dots at Gmail, or a mistyped provider."""
    box, _, domain = email.partition("@")
    if domain == "gmail.com" and chance(rng, 0.05):
        return f"{box.replace('.', '')}@{domain}" if "." in box else f"{box}+news@{domain}"
    if domain in _MAIL_TYPOS and chance(rng, 0.01):
        return f"{box}@{rng.choice(_MAIL_TYPOS[domain])}"
    if chance(rng, 0.008):
        return f"{typo(rng, box)}@{domain}"
    if chance(rng, 0.04):
        return rng.choice((email.upper(), email.title(), email + " "))
    return email


def written_street(rng: Random, street: str) -> str:
    """A street as written on forms: often abbreviated, now and then mistyped."""
    if chance(rng, 0.35):
        for long, short in _ABBREVIATIONS:
            street = street.replace(long, short)
    return typo(rng, street) if chance(rng, 0.02) else street


def written_birth_date(rng: Random, iso: str) -> str:
    """A birth date, now and then with day and month swapped or as the placeholder 1900-01-01."""
    year, month, day = iso.split("-")
    if chance(rng, 0.015) and int(day) <= 12:
        return f"{year}-{day}-{month}"
    return "1900-01-01" if chance(rng, 0.01) else iso
