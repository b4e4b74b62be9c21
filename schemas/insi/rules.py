"""Rules over a request to INSi. Sources: WSDL DESIR_ICIR_EXP 1.5.0, SEL-MP-043, Guide INS."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas import xsd
from schemas.finding import Finding, Keyword, Observation, RuleSet
from schemas.soap import media
from schemas.xml import where

from . import names
from .request import InsiRequest, RequestRefused, read_request, text

GUIDE = "SEL-MP-043"
WSDL = "WSDL DESIR_ICIR_EXP 1.5.0"
SEARCH = ("INS/va1.34",)

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_MESSAGE_ID = re.compile(rf"uuid:{_UUID}")
_INSTANCE = re.compile(_UUID)
_NAME = re.compile(r"'?[A-Z]+(?:(?:-{1,2}|[ '])[A-Z]+)*'?")
_GIVEN = re.compile(r"[A-Z]+(?:[- '][A-Z]+)*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PLACE = re.compile(r"\d{5}|2[AB]\d{3}")
_TEMPS = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and what is known around it.

    `common_name`: CN of the client's TLS certificate, None without one. `idams`: authorisation numbers
    that the service knows. `reused`: places (`InsiRequest.identifiers`) whose value an earlier request
    already had. `now`: when it arrived.
    """

    request: InsiRequest
    now: datetime
    content_type: str = ""
    common_name: str | None = None
    idams: frozenset[str] | None = None
    reused: tuple[str, ...] = ()


RULES: RuleSet[Asked] = RuleSet("insi")
READABLE = RULES.declare(
    "INSI-XML-01", requires=Keyword.DOIT, requirements=SEARCH, source=f"{WSDL}, SOAP 1.2"
)


def request_schema() -> xsd.Schema:
    """The schema of both contexts and of the body of either search."""
    return xsd.load("schemas.insi", "request.xsd")


def judge(
    data: bytes,
    *,
    now: datetime,
    content_type: str = "",
    common_name: str | None = None,
    idams: frozenset[str] | None = None,
    reused: tuple[str, ...] = (),
) -> list[Finding]:
    """Every finding about the bytes of a request."""
    try:
        request = read_request(data)
    except RequestRefused as error:
        return [unreadable(error)]
    return RULES.judge(Asked(request, now, content_type, common_name, idams, reused))


def unreadable(error: RequestRefused) -> Finding:
    """The finding for a request that can't be dispatched."""
    return READABLE.finding("/", str(error), "soap:Envelope (SOAP 1.2), RECSANSVITALE", error.line)


@RULES.rule("INSI-ACTION-01", requirements=SEARCH, source=WSDL)
def action_is_the_operation(asked: Asked) -> Iterator[Observation]:
    """wsa:Action names the operation of the body, and so does the media type when it has an action."""
    expected = names.ACTIONS[asked.request.operation]
    if asked.request.action != expected:
        yield Observation("/Envelope/Header/Action", asked.request.action, expected)
    carried = media.parse(asked.content_type).get("action")
    if carried and carried != expected:
        yield Observation("Content-Type; action", carried, expected)


@RULES.rule("INSI-HTTP-01", requires=Keyword.DEVRAIT, requirements=SEARCH, source="SOAP 1.2 part 2, RFC 3902")
def media_type_is_soap(asked: Asked) -> Iterator[Observation]:
    """The media type is application/soap+xml with the action."""
    if not asked.content_type:
        return
    kind = media.parse(asked.content_type)
    expected = names.content_type(names.ACTIONS[asked.request.operation])
    if kind.name != media.SOAP_12 or not kind.get("action"):
        yield Observation("Content-Type", asked.content_type, expected)


@RULES.rule("INSI-MSG-01", requirements=SEARCH, source=f"{WSDL}, WS-Addressing 1.0")
def message_id_is_present(asked: Asked) -> Iterator[Observation]:
    """wsa:MessageID is present, once."""
    if not asked.request.message_id:
        yield Observation("/Envelope/Header/MessageID", "", "uuid:<UUID>")
    for name in asked.request.repeated:
        yield Observation(f"/Envelope/Header/{name}", "2", "1")


@RULES.rule("INSI-MSG-02", requires=Keyword.DEVRAIT, requirements=SEARCH, source=GUIDE)
def message_id_is_a_uuid(asked: Asked) -> Iterator[Observation]:
    """MessageID is `uuid:` and a UUID."""
    value = asked.request.message_id
    if value and not _MESSAGE_ID.fullmatch(value):
        yield Observation("/Envelope/Header/MessageID", value, "uuid:<UUID>")


@RULES.rule("INSI-MSG-03", requirements=SEARCH, source=f"{GUIDE}, WS-Addressing 1.0 §3.2")
def identifiers_are_fresh(asked: Asked) -> Iterator[Observation]:
    """MessageID and the ids of both contexts are new in each request."""
    values = asked.request.identifiers()
    for place in asked.reused:
        yield Observation(place, values.get(place, ""), "UUID ≠")


@RULES.rule("INSI-LPS-01", requirements=SEARCH, source=f"{WSDL}, ContexteLPS 01_00")
def software_context_is_complete(asked: Asked) -> Iterator[Observation]:
    """ContexteLPS is present and follows its schema."""
    context = asked.request.lps
    if context is None:
        yield Observation("/Envelope/Header/ContexteLPS", "", "ctxlps:ContexteLPS")
        return
    yield from xsd.observations(context, request_schema())


@RULES.rule("INSI-LPS-02", requires=Keyword.DEVRAIT, requirements=SEARCH, source=GUIDE)
def software_is_named(asked: Asked) -> Iterator[Observation]:
    """Nom is `urn:lps:<name>:<version>`, Instance a UUID, Version is filled."""
    context = asked.request.lps
    if context is None:
        return
    name, instance = (text(context, names.LPS, f"LPS/{step}") for step in ("Nom", "Instance"))
    if name and not re.fullmatch(r"urn:lps:[^:]+:[^:]+", name):
        yield Observation("/Envelope/Header/ContexteLPS/LPS/Nom", name, "urn:lps:<nom>:<version>")
    if instance and not _INSTANCE.fullmatch(instance):
        yield Observation("/Envelope/Header/ContexteLPS/LPS/Instance", instance, "<UUID>")


@RULES.rule("INSI-LPS-03", requirements=SEARCH, source=f"{GUIDE}, siram_100 / desir_550")
def software_is_authorised(asked: Asked) -> Iterator[Observation]:
    """IDAM is the authorisation number of the software."""
    idam = asked.request.idam
    if not idam or (asked.idams is not None and idam not in asked.idams):
        wanted = " | ".join(sorted(asked.idams)) if asked.idams else "IDAM"
        yield Observation("/Envelope/Header/ContexteLPS/LPS/IDAM", idam, wanted)


@RULES.rule("INSI-BAM-01", requirements=SEARCH, source=f"{WSDL}, ContexteBAM 01_02")
def business_context_is_complete(asked: Asked) -> Iterator[Observation]:
    """ContexteBAM is present and follows its schema."""
    context = asked.request.bam
    if context is None:
        yield Observation("/Envelope/Header/ContexteBAM", "", "ctxbam:ContexteBAM")
        return
    yield from xsd.observations(context, request_schema())


@RULES.rule("INSI-CTX-01", requires=Keyword.DEVRAIT, requirements=SEARCH, source=WSDL)
def contexts_are_dated(asked: Asked) -> Iterator[Observation]:
    """Temps is a dateTime within ten minutes of the arrival."""
    contexts = ((asked.request.bam, names.BAM), (asked.request.lps, names.LPS))
    for context, namespace in contexts:
        value = text(context, namespace, "Temps")
        if not value or context is None:
            continue
        instant = _instant(value, asked.now)
        if instant is None or abs(instant - asked.now) > timedelta(minutes=10):
            yield Observation(f"{where(context)}/Temps", value, asked.now.isoformat(timespec="seconds"))


def _instant(value: str, now: datetime) -> datetime | None:
    if not _TEMPS.fullmatch(value):
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=now.tzinfo)


@RULES.rule("INSI-CORPS-01", requirements=SEARCH, source=f"{WSDL}, schemas INSiRecSans and INSiRecVit")
def body_follows_its_schema(asked: Asked) -> Iterator[Observation]:
    """The search follows its schema: known elements, in order."""
    yield from xsd.observations(asked.request.content, request_schema())


@RULES.rule("INSI-TRAITS-01", requirements=SEARCH, source=f"{GUIDE} §3.4.1")
def traits_are_given(asked: Asked) -> Iterator[Observation]:
    """A search has birth name, given name, sex and birth date."""
    traits = asked.request.traits
    if traits is None:
        return
    given = {
        "NomNaissance": traits.birth_name,
        "Prenom": traits.given,
        "Sexe": traits.sex,
        "DateNaissance": traits.birth_date,
    }
    for name, value in given.items():
        if not value.strip():
            yield Observation(f"/Envelope/Body/RECSANSVITALE/{name}", value, name)


@RULES.rule("INSI-TRAITS-02", requirements=SEARCH, source=f"{GUIDE} §2, EF_INS01_03")
def names_are_plain_capitals(asked: Asked) -> Iterator[Observation]:
    """Names are A–Z with single separators; no accents, ligatures, lower case or digits."""
    traits = asked.request.traits
    if traits is None:
        return
    place = "/Envelope/Body/RECSANSVITALE"
    if traits.birth_name and not _NAME.fullmatch(traits.birth_name):
        yield Observation(f"{place}/NomNaissance", traits.birth_name, _NAME.pattern)
    for rank, given in enumerate(traits.given_names, 1):
        if given and not _GIVEN.fullmatch(given):
            yield Observation(f"{place}/Prenom[{rank}]", given, _GIVEN.pattern)


@RULES.rule("INSI-TRAITS-03", requirements=SEARCH, source=f"{GUIDE} §2, EF_INS10_01")
def codes_are_well_formed(asked: Asked) -> Iterator[Observation]:
    """Sex is M or F, the date YYYY-MM-DD (lunar dates allowed), the place a COG code."""
    traits = asked.request.traits
    if traits is None:
        return
    checks = (
        ("Sexe", traits.sex, re.compile(r"[MF]")),
        ("DateNaissance", traits.birth_date, _DATE),
        ("LieuNaissance", traits.birth_place, _PLACE),
    )
    for name, value, pattern in checks:
        if value and not pattern.fullmatch(value):
            yield Observation(f"/Envelope/Body/RECSANSVITALE/{name}", value, pattern.pattern)


@RULES.rule("INSI-AUTH-01", requirements=SEARCH, source=f"{GUIDE}, desir_560")
def certificate_is_for_insi(asked: Asked) -> Iterator[Observation]:
    """The organisation certificate is INSI-AUTO or INSI-MANU, or a person is authenticated."""
    name = asked.common_name
    if name is None and asked.request.assertion is None:
        yield Observation("TLS", "", " | ".join(names.CERTIFICATE_NAMES))
    elif name is not None and name not in names.CERTIFICATE_NAMES:
        yield Observation("TLS/CN", name, " | ".join(names.CERTIFICATE_NAMES))


@RULES.rule("INSI-AUTH-02", requires=Keyword.DEVRAIT, requirements=SEARCH, source=GUIDE)
def one_way_of_authentication(asked: Asked) -> Iterator[Observation]:
    """With an organisation certificate there is no assertion of a person."""
    if asked.common_name in names.CERTIFICATE_NAMES and asked.request.assertion is not None:
        yield Observation("/Envelope/Header/Security/Assertion", asked.request.assertion.qualifier, "")


@RULES.rule("INSI-AUTH-03", requires=Keyword.DEVRAIT, requirements=SEARCH, source=GUIDE)
def assertion_names_somebody(asked: Asked) -> Iterator[Observation]:
    """An assertion has a subject qualified CPS (then signed) or PSC."""
    assertion = asked.request.assertion
    if assertion is None:
        return
    place = "/Envelope/Header/Security/Assertion"
    if assertion.qualifier not in ("CPS", "PSC") or not assertion.subject:
        seen = f"{assertion.qualifier} {assertion.subject}".strip()
        yield Observation(f"{place}/Subject/NameID", seen, "CPS | PSC")
    elif assertion.qualifier == "CPS" and not assertion.signed:
        yield Observation(f"{place}/Signature", "", "ds:Signature")
