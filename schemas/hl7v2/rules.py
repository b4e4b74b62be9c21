"""Rules on the messages that a hospital's or a laboratory's software sends to the integration platform.

Known: the volet of the ANS and the catalogue's own words. Our own reading, said as such by the sources of the
rules: the fields of ZFA, and where the identifiers for the VIHF stand (PRT SB, else MSH-4).
"""

import re
from collections.abc import Iterator

from schemas.finding import Keyword, Observation, RuleSet

from . import names
from .transmission import Transmission, identity

VOLET = "ANS, volet Transmission d'un document CDA R2 en HL7 v2, 2.1.2"
PAM = "IHE PAM, extension française (champs de ZFA : lecture du banc)"
OUR_READING = "lecture du banc : SEL-MP-037 EX_2.1-1140 appliquée au message"
FEED = ("DMP/va1.03", "DMP/va1.05")
ADMITTED, DISCHARGED = ("SC.DMP/ALI/PROG.10",), ("SC.DMP/ALI/PROG.11",)
SEGMENTS = {
    "ORU^R01^ORU_R01": ("MSH", "PID", "PV1", "OBR", "OBX"),
    "MDM^T02^MDM_T02": ("MSH", "EVN", "PID", "PV1", "TXA", "OBX"),
    "ADT^A01^ADT_A01": ("MSH", "EVN", "PID", "PV1"),
    "ADT^A03^ADT_A03": ("MSH", "EVN", "PID", "PV1"),
}
_FINESS = re.compile(r"1[0-9AB]{2}\d{7}")  # Struct_IdNat: `1` and the 9 characters of a FINESS
_TIME = re.compile(r"\d{8}(\d{4}(\d{2}(\.\d{1,4})?)?)?([+-]\d{4})?")

DOCUMENT: RuleSet[Transmission] = RuleSet("hl7v2-document")
ADMISSION: RuleSet[Transmission] = RuleSet("hl7v2-admission")
DISCHARGE: RuleSet[Transmission] = RuleSet("hl7v2-discharge")


# A document


@DOCUMENT.rule("HL7-DOC-01", requirements=FEED, source=VOLET)
def document_header(one: Transmission) -> Iterator[Observation]:
    """ORU_R01 v2.5 or MDM_T02 v2.6, for France, in an encoding of the volet, under its profile."""
    header = one.message.header
    version = names.STRUCTURES.get(one.structure)
    if version is None:
        yield Observation(header.place(9), one.structure, " | ".join(names.STRUCTURES))
        return
    wanted = {12: version, 17: names.COUNTRY, 21: names.PROFILE}
    for number, expected in wanted.items():
        found = header.raw(number) if number == 21 else header.value(number)
        if found != expected:
            yield Observation(header.place(number), found, expected)
    yield from _encoding(one)
    yield from _segments(one)


@DOCUMENT.rule("HL7-DOC-02", requirements=FEED, source=VOLET)
def document_carried(one: Transmission) -> Iterator[Observation]:
    """The first observation is the CDA: ED, base64 of XML, the code of the document, final."""
    carrier = one.observation
    if carrier is None or one.document is None:
        where = carrier.place(5) if carrier else "OBX-5"
        yield Observation(where, one.problem, "CDA en base64 (^TEXT^XML^Base64^…)")
        return
    form = tuple(carrier.value(5, rank).upper() for rank in (2, 3, 4))
    if form != ("TEXT", "XML", "BASE64"):
        yield Observation(carrier.place(5), "^".join(form), "^TEXT^XML^Base64^")
    if carrier.value(3) != one.document.type_code.code:
        yield Observation(carrier.place(3), carrier.value(3), one.document.type_code.code)
    system = names.LOINC if one.document.type_code.system == "2.16.840.1.113883.6.1" else names.LOCAL_CODES
    if carrier.value(3, 3) != system:
        yield Observation(carrier.place(3), carrier.value(3, 3), system)
    if carrier.value(11) not in ("F", "C", "D"):
        yield Observation(carrier.place(11), carrier.value(11), "F, C ou D")


@DOCUMENT.rule("HL7-DOC-03", requirements=FEED, source=VOLET)
def same_patient(one: Transmission) -> Iterator[Observation]:
    """The INS of PID-3 is that of the document."""
    if one.document is None:
        return
    found, _ = identity(one.message)
    wanted = one.document.patient.ins
    if found != wanted:
        observed = found.matricule if found else ""
        yield Observation("PID-3", observed, wanted.matricule if wanted else "aucune INS")


@DOCUMENT.rule("HL7-DOC-04", requirements=("DMP/va1.04",), source=VOLET)
def flags(one: Transmission) -> Iterator[Observation]:
    """Each flag is an OBX of table MetaDMPMSS: known, coded, Y or N, once."""
    coded = names.CODED.get(one.kind, "CE")
    seen: set[str] = set()
    for flag in one.flags:
        segment = flag.segment
        if flag.code not in names.META_CODES:
            yield Observation(segment.place(3), flag.code, " ".join(sorted(names.META_CODES)))
            continue
        if flag.code in seen:
            yield Observation(segment.place(3), flag.code, "une fois")
        seen.add(flag.code)
        if segment.value(3, 3) != names.META:
            yield Observation(segment.place(3), segment.value(3, 3), names.META)
        if flag.code.startswith("CORPSMAIL"):
            continue
        if segment.value(2) != coded:
            yield Observation(segment.place(2), segment.value(2), coded)
        if flag.value not in ("Y", "N") or segment.value(5, 3) != names.YES_NO:
            yield Observation(segment.place(5), segment.raw(5), f"Y ou N ({names.YES_NO})")
        if segment.value(11) != "F":
            yield Observation(segment.place(11), segment.value(11), "F")


@DOCUMENT.rule("HL7-DOC-05", requirements=("EX_2.1-1050",), source="SEL-MP-037 EX_2.1-1050")
def not_both(one: Transmission) -> Iterator[Observation]:
    """What goes to the DMP is never both masked to professionals and invisible to the patient."""
    masking = [code for code in ("MASQUE_PS", "INVISIBLE_PATIENT") if one.flag(code) == "Y"]
    if len(masking) > 1 and one.flag(names.DESTDMP) == "Y":
        yield Observation("OBX", " + ".join(masking), "l'un ou l'autre")


@DOCUMENT.rule(
    "HL7-DOC-06",
    requires=Keyword.DEVRAIT,
    requirements=("DMP/va1.04",),
    source=f"{VOLET} (présence : lecture du banc)",
)
def flags_are_all_there(one: Transmission) -> Iterator[Observation]:
    """The flags of the DMP are all given: the platform guesses nothing."""
    given = {flag.code for flag in one.flags}
    for code in names.EXPECTED:
        if code not in given:
            yield Observation("OBX-3", "", code)


@DOCUMENT.rule("HL7-VIHF-01", requirements=("SC.DMP/CONF.12",), source=OUR_READING)
def structure_for_the_vihf(one: Transmission) -> Iterator[Observation]:
    """The geographic FINESS is given, as the DMP will want it: an author's structure of the document."""
    found = one.sender.structure
    where = one.sender.segment.place(8) if one.sender.segment else "PRT-8, MSH-4"
    if not _FINESS.fullmatch(found):
        yield Observation(where, found, "1 et le FINESS géographique (9 caractères)")
    elif one.document is not None:
        structures = [author.organisation_id for author in one.document.authors]
        if found not in structures:
            yield Observation(where, found, " ".join(structures))


@DOCUMENT.rule("HL7-VIHF-02", requirements=("SC.DMP/CONF.12",), source=OUR_READING)
def person_for_the_vihf(one: Transmission) -> Iterator[Observation]:
    """The professional (or the device) is given by its national identifier, as the document names it."""
    sender = one.sender
    where = sender.segment.place(5) if sender.segment else "PRT-5, PRT-10"
    if not sender.id:
        yield Observation(where, "", "PS_IdNat du professionnel, ou identifiant du dispositif")
    elif one.document is not None:
        people = [author.id for author in one.document.authors]
        signer = one.document.legal_authenticator
        people += [signer.id] if signer else []
        if sender.id not in people:
            yield Observation(where, sender.id, " ".join(dict.fromkeys(people)))


# A stay


def _stay(one: Transmission, wanted: str, time: int) -> Iterator[Observation]:
    header = one.message.header
    if one.structure != wanted:
        yield Observation(header.place(9), one.structure, wanted)
        return
    if header.value(17) != names.COUNTRY:
        yield Observation(header.place(17), header.value(17), names.COUNTRY)
    yield from _encoding(one)
    yield from _segments(one)
    event, visit = one.message.first("EVN"), one.message.first("PV1")
    if event is not None and not _TIME.fullmatch(event.value(2)):
        yield Observation(event.place(2), event.value(2), "date et heure (AAAAMMJJHHMMSS)")
    if visit is not None:
        if not visit.value(2):
            yield Observation(visit.place(2), "", "classe du patient (I, O, R, E, N)")
        if not _TIME.fullmatch(visit.value(time)):
            yield Observation(visit.place(time), visit.value(time), "date et heure (AAAAMMJJHHMMSS)")


@ADMISSION.rule("HL7-ADT-01", requirements=ADMITTED, source=PAM)
def admission(one: Transmission) -> Iterator[Observation]:
    """ADT^A01: header, segments in order, event and admission dated."""
    yield from _stay(one, "ADT^A01^ADT_A01", 44)


@ADMISSION.rule("HL7-ADT-02", requirements=ADMITTED, source=PAM)
def consent(one: Transmission) -> Iterator[Observation]:
    """One ZFA: the state of the DMP, dated, and whether the structure is authorised when it is open."""
    found = one.message.all("ZFA")
    if len(found) != 1:
        yield Observation("ZFA", len(found), "un segment ZFA")
        return
    zfa = found[0]
    if zfa.value(1) not in names.ZFA_STATES:
        yield Observation(zfa.place(1), zfa.value(1), " | ".join(names.ZFA_STATES))
    if not _TIME.fullmatch(zfa.value(2)):
        yield Observation(zfa.place(2), zfa.value(2), "date et heure du recueil")
    if zfa.value(1) == "ACTIF" and zfa.value(4) not in ("Y", "N"):
        yield Observation(zfa.place(4), zfa.value(4), "Y ou N")


@DISCHARGE.rule("HL7-ADT-03", requirements=DISCHARGED, source=PAM)
def discharge(one: Transmission) -> Iterator[Observation]:
    """ADT^A03: header, segments in order, event and discharge dated."""
    yield from _stay(one, "ADT^A03^ADT_A03", 45)


def _encoding(one: Transmission) -> Iterator[Observation]:
    header = one.message.header
    if one.message.charset not in names.ENCODINGS:
        yield Observation(header.place(18), header.value(18), " | ".join(names.ENCODINGS))


def _segments(one: Transmission) -> Iterator[Observation]:
    """Those that the structure requires, in its order."""
    present = iter([segment.name for segment in one.message.segments])
    for name in SEGMENTS[one.structure]:
        if name not in present:
            observed = " ".join(dict.fromkeys(segment.name for segment in one.message.segments))
            yield Observation(name, observed, " ".join(SEGMENTS[one.structure]))
            return
