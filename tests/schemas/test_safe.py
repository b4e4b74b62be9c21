"""Secrets shortened, invisible characters shown."""

import pytest

from schemas import safe

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJmOmFiY2RlZjoxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLXNlY3JldGU"

SECRET = "sEcret-0123456789-abcdefghij-0123456789"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}",
        f"authorization:Basic {SECRET}",
        f"Cookie: session={SECRET}",
        f"ESANTE-API-KEY: {SECRET}",
        f"GET /cb?code={SECRET}&state=1 HTTP/1.1",
        f"Location: https://lps/cb?state=1&code={SECRET}#id_token={SECRET}",
        f"Referer: https://lps/?access_token={SECRET}",
    ],
)
def test_heads_hold_no_secret(text: str) -> None:
    told = safe.head(f"POST / HTTP/1.1\n{text}\nAccept: */*")
    assert SECRET not in told
    assert SECRET[12:] not in told
    assert "Accept: */*" in told


def test_tokens_are_found_anywhere() -> None:
    assert TOKEN not in safe.without_secrets(f"observed {TOKEN}, twice {TOKEN}")
    assert "eyJhbGci…" in safe.without_secrets(TOKEN)
    assert SECRET not in safe.without_secrets(f'truncated {{"access_token": "{SECRET}')


def test_codes_of_the_field_are_no_secrets() -> None:
    assert safe.without_secrets("code=00 type=60591-5 INSi code 01") == "code=00 type=60591-5 INSi code 01"


@pytest.mark.parametrize(
    "lines",
    [
        [("C", f"AUTH XOAUTH2 {SECRET}")],
        [("C", "AUTH XOAUTH2"), ("S", "334 "), ("C", SECRET)],
        [("C", f"a1 AUTHENTICATE XOAUTH2 {SECRET}")],
        [("C", "a1 AUTHENTICATE PLAIN"), ("S", "+ "), ("C", SECRET), ("S", "a1 OK")],
        [("C", f"a1 LOGIN dr@test {SECRET}")],
        [("C", f"AUTH a.b {SECRET}")],
    ],
)
def test_dialogues_hold_no_credential(lines: list[tuple[str, str]]) -> None:
    told = safe.dialogue((*lines, ("S", "235 OK"), ("C", "MAIL FROM:<dr@medecin.test.mssante.fr>")))
    assert all(SECRET not in text for _, text in told)
    assert told[-1] == ("C", "MAIL FROM:<dr@medecin.test.mssante.fr>")


@pytest.mark.parametrize("glued", ["-", "x-", "mot.", "eyJ.", "eyJ-", "un.deux.trois.quatre.cinq."])
def test_a_token_is_found_behind_what_is_glued_to_it(glued: str) -> None:
    told = safe.without_secrets(f"({glued}{TOKEN})")
    assert all(piece not in told for piece in TOKEN.split("."))


@pytest.mark.parametrize(
    "name", ["ESANTE-API-KEY", "esante_api_key", "Cookie", "logout_token", "mot-de-passe"]
)
def test_a_name_tells_a_secret_however_it_is_written(name: str) -> None:
    assert safe.is_secret(name)
    assert SECRET not in safe.without_secrets(f'{{"{name}": "{SECRET}"}} {name}={SECRET}')


def test_shortened_once() -> None:
    assert safe.shorten(safe.shorten(SECRET)) == safe.shorten(SECRET)
    assert safe.shorten("dXNlcj1jYW1p…(77)") == "dXNlcj1jYW1p…(77)"  # as a dialogue is recorded
    assert SECRET not in safe.shorten(f"{SECRET}…(5)")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\u202eb", "a‹U+202E›b"),
        ("\x00\x1b[31m", "‹U+0000›‹U+001B›[31m"),
        ("\ufeff\u200b\ud800\uffff", "‹U+FEFF›‹U+200B›‹U+D800›‹U+FFFF›"),
        ("un\r\ndeux\ttrois", "un\ndeux\ttrois"),
        ("l'été à 3 € — « ok »", "l'été à 3 € — « ok »"),
    ],
)
def test_invisible_characters(text: str, told: str) -> None:
    assert safe.visible(text) == told


@pytest.mark.parametrize(
    "piece",
    ["-eyJ", "-eyJ.", "eyJaaaaaaaa.", "bearer ", "code=", '"password" : ', "AUTH ", "a ", "\u202e", "=", "%"],
)
def test_hostile_text_costs_little(piece: str) -> None:
    """Linear: two megabytes of what almost matches take no time (quadratic would take hours)."""
    text = piece * (2_000_000 // len(piece))
    assert safe.shown(text)
    assert safe.head(text)
    assert safe.dialogue((("C", text),))
