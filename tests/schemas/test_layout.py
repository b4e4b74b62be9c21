"""XML and JSON laid out in plain text: the live page's style. The reports' style is tested with them."""

from schemas import layout

SECRET = "sEcret-0123456789-abcdefghij-0123456789"


def test_xml_in_plain_text() -> None:
    data = f"<a x='1'><password>{SECRET}</password><b>t &amp; \u202e</b></a>".encode()
    told = layout.lay_xml(data, 1000)
    assert told.text == (
        '<a x="1">\n  <password>sEcret-0…(39)</password>\n  <b>t &amp; ‹U+202E›</b>\n</a>'  # still XML
    )
    assert not told.cut


def test_json_in_plain_text() -> None:
    data = f'{{"a": [1, "é"], "client-secret": "{SECRET}", "pdf_base64": "{"A" * 5000}"}}'.encode()
    told = layout.lay_json(data, 1000)
    assert told.text.startswith('{\n  "a": [\n    1,\n    "é"\n  ],\n  "client-secret": "sEcret-0…(39)"')
    assert "… (5000)" in told.text


def test_marks_are_written_in_the_style() -> None:
    style = layout.Style(str.upper, mark=("[", "]"))
    assert layout.lay_json(b'{"a": 1}', 100, ["$.a"], style).text == '{\n  ["A"]: 1\n}'
    assert layout.lay_xml(b"<a><b/></a>", 100, ["a/b"], style).text == "<A>\n  [<B]/>\n</A>"


def test_the_limit_stops_it() -> None:
    told = layout.lay_json(b'{"a": "bcdef"}', 10)
    assert (told.text, told.cut) == ('{\n  "a": "', True)
