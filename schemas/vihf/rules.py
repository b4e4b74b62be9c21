"""Judgement of a VIHF in its context: attributes, roles, mode, certificates, time.

Rules 01 to 17 follow the order in which the DMP would look. Facts that are not in the assertion come
through `Presented`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas import valuesets
from schemas.finding import Finding, Keyword, Observation, RuleSet
from schemas.ins import INS_OIDS, well_formed

from . import model, rights
from .certificates import structure_of
from .issuer import same_subject
from .model import AIR, DIRECT, MODES, Vihf
from .signature import SignatureRefused, Signed

GUIDE = "guide d'intégration DMP (SEL-MP-037)"
MAPPING = "ANS, volet HL7v2 (correspondance VIHF)"
MAX_AGE = timedelta(hours=24)
TOLERANCE = timedelta(minutes=5)
PS_ID = re.compile(r"8\d{11}|0[0-9A-Z]{9}")
NCNAME = re.compile(r"[A-Za-z_][\w.\-]*")
HEADER = "/Envelope/Header/Security/Assertion"
ATTRIBUTES = f"{HEADER}/AttributeStatement"

RULES: RuleSet["Presented"] = RuleSet("vihf")


@dataclass(frozen=True, slots=True)
class Presented:
    """A VIHF and what is known around it.

    `signature` is the verified signature or why it failed; `signer_problems` and `tls_problems` come from
    `Authorities.problems`; `body_patient` is the matricule in the message body; `age` is the patient's.
    """

    vihf: Vihf
    now: datetime
    transaction: str  # a constant of `rights`
    signature: Signed | SignatureRefused
    signer_problems: tuple[str, ...] = ()
    tls_problems: tuple[str, ...] = ()
    tls_structure: str | None = None  # OU of the TLS certificate; None when there was no TLS
    body_patient: str = ""
    homologation: str = ""  # declared by the vendor; empty: not compared
    age: int | None = None
    replayed: bool = False
    max_age: timedelta = MAX_AGE

    @property
    def signed(self) -> Signed | None:
        return self.signature if isinstance(self.signature, Signed) else None


def judge(presented: Presented) -> list[Finding]:
    """Every finding about this VIHF."""
    return RULES.judge(presented)


def _at(name: str) -> str:
    return f"{ATTRIBUTES}/Attribute[@Name='{name}']"


@RULES.rule("VIHF-01", requirements=("BEN-DMP-13",), source="SAML 2.0 §5.4 ; SEL-MP-037")
def signature_is_valid(presented: Presented) -> Iterator[Observation]:
    """The signature covers the assertion and verifies."""
    failed = presented.signature
    if isinstance(failed, SignatureRefused):
        yield Observation(f"{HEADER}/Signature ({failed.step})", failed.detail, "rsa-sha256, #ID, exc-c14n")


@RULES.rule("VIHF-SHA1", requires=Keyword.PEUT, source="RGS annexe B1 ; exemples DMP")
def signature_is_not_sha1(presented: Presented) -> Iterator[Observation]:
    """SHA-1 is still accepted; SHA-256 is wanted."""
    if presented.signed is not None and presented.signed.weak:
        yield Observation(f"{HEADER}/Signature/SignedInfo", "sha1", "sha256")


@RULES.rule("VIHF-02", requirements=("BEN-DMP-13",), source="SEL-MP-037 ; IGC-Santé")
def signer_may_sign(presented: Presented) -> Iterator[Observation]:
    """The signer's certificate is valid, of the test authorities, and has signature usage."""
    for problem in presented.signer_problems:
        yield Observation(f"{HEADER}/Signature/KeyInfo", problem, "ORG_SIGN (contentCommitment)")


@RULES.rule("VIHF-TLS-01", source="SEL-MP-037 ; PDT-INF-579 ; IGC-Santé")
def tls_certificate_authenticates(presented: Presented) -> Iterator[Observation]:
    """The TLS client certificate is valid and has authentication usage."""
    for problem in presented.tls_problems:
        yield Observation("TLS", problem, "ORG_AUTH_CLI (digitalSignature, clientAuth)")


@RULES.rule("VIHF-TLS-02", source="SEL-MP-037 (authentification indirecte)")
def tls_and_vihf_are_of_one_structure(presented: Presented) -> Iterator[Observation]:
    """TLS and VIHF certificates belong to the same organisation."""
    if presented.signed is None or presented.tls_structure is None or presented.vihf.mode == DIRECT:
        return
    signer = structure_of(presented.signed.certificate)
    if presented.tls_structure != signer:
        yield Observation("TLS (OU)", presented.tls_structure, signer)


@RULES.rule("VIHF-03", requirements=("BEN-DMP-13",), source="SEL-MP-037 ; exemples DMP")
def issuer_is_the_signer(presented: Presented) -> Iterator[Observation]:
    """Issuer is the subject DN of the signing certificate, in RFC 2253 form."""
    vihf = presented.vihf
    if vihf.issuer_format != model.SUBJECT_NAME:
        yield Observation(f"{HEADER}/Issuer/@Format", vihf.issuer_format, model.SUBJECT_NAME)
    if presented.signed is not None:
        subject = presented.signed.certificate.subject
        if not same_subject(vihf.issuer, subject):
            yield Observation(f"{HEADER}/Issuer", vihf.issuer, subject.rfc4514_string())


@RULES.rule("VIHF-04", source=f"{GUIDE} ; {MAPPING}")
def attributes_are_present(presented: Presented) -> Iterator[Observation]:
    """Mandatory attributes are there, once."""
    vihf = presented.vihf
    wanted = [model.VERSION, model.STRUCTURE, model.SECTOR, model.ROLE, model.RESOURCE_URN, model.PURPOSE]
    if presented.transaction not in rights.WITHOUT_PATIENT:
        wanted.append(model.RESOURCE_ID)
    for name in wanted:
        if name not in vihf.attributes:
            yield Observation(_at(name), "", "1")
    for name in vihf.repeated:
        yield Observation(_at(name), "2", "1")
    version = vihf.first(model.VERSION)
    if version and version not in ("3.0", "4.0"):
        yield Observation(_at(model.VERSION), version, "3.0")
    if not vihf.name_id:
        yield Observation(f"{HEADER}/Subject/NameID", "", "PS_IdNat")


@RULES.rule("VIHF-05", source=GUIDE)
def resource_is_the_dmp(presented: Presented) -> Iterator[Observation]:
    """Ressource_URN is urn:dmp."""
    urn = presented.vihf.first(model.RESOURCE_URN)
    if urn and urn != "urn:dmp":
        yield Observation(_at(model.RESOURCE_URN), urn, "urn:dmp")


@RULES.rule("VIHF-06", source=f"{GUIDE} ; CI-SIS (INS)")
def resource_is_an_ins(presented: Presented) -> Iterator[Observation]:
    """resource-id is a well-formed INS."""
    written = presented.vihf.first(model.RESOURCE_ID)
    if not written:
        return
    ins = presented.vihf.patient
    if ins is None or ins.oid not in INS_OIDS or not well_formed(ins.matricule) or "^NH^" in written:
        yield Observation(_at(model.RESOURCE_ID), written, "<15 caractères>^^^&1.2.250.1.213.1.4.10&ISO^NH")


@RULES.rule("VIHF-07", source=GUIDE)
def resource_is_the_patient_of_the_message(presented: Presented) -> Iterator[Observation]:
    """The patient of the VIHF is the one of the message."""
    ins = presented.vihf.patient
    if presented.body_patient and ins is not None and ins.matricule != presented.body_patient:
        yield Observation(_at(model.RESOURCE_ID), ins.matricule, presented.body_patient)


@RULES.rule("VIHF-08", source=f"{MAPPING} ; JDV J61")
def sector_is_known(presented: Presented) -> Iterator[Observation]:
    """Secteur_Activite is `code^1.2.250.1.71.4.2.4` with a code of J61."""
    sector = presented.vihf.first(model.SECTOR)
    if not sector:
        return
    code, _, system = sector.partition("^")
    if not system or not valuesets.value_set("J02").contains(code, system):
        yield Observation(_at(model.SECTOR), sector, f"SA07^{model.SECTORS}")


@RULES.rule("VIHF-09", source=f"{GUIDE} ; {MAPPING} ; JDV J65")
def roles_are_right(presented: Presented) -> Iterator[Observation]:
    """1 to 4 coded roles; a doctor or a pharmacist gives a speciality."""
    vihf = presented.vihf
    if model.ROLE not in vihf.attributes:
        return
    roles, values = vihf.roles, len(vihf.attributes[model.ROLE])
    if not 1 <= values <= 4:
        yield Observation(_at(model.ROLE), values, "1..4")
    if len(roles) != values or any(not role.code or not role.system for role in roles):
        yield Observation(_at(model.ROLE), "Role sans code ou codeSystem", "Role (urn:hl7-org:v3)")
        return
    first = roles[0]
    if first.system == model.PROFESSIONS and first.code in ("10", "21"):
        if not any(role.system == model.SPECIALITIES for role in roles[1:]):
            yield Observation(f"{_at(model.ROLE)}/AttributeValue[2]", "", model.SPECIALITIES)
    elif presented.vihf.mode == AIR and first.system != model.PROFESSIONS:
        yield Observation(f"{_at(model.ROLE)}/AttributeValue[1]", first.system, model.PROFESSIONS)


@RULES.rule("VIHF-10", source=f"{GUIDE} ; EX_AIR-050 ; {MAPPING}")
def mode_is_consistent(presented: Presented) -> Iterator[Observation]:
    """What each authentication mode demands of the assertion."""
    vihf = presented.vihf
    if vihf.mode not in MODES:
        yield Observation(_at(model.MODE), vihf.mode, " | ".join(MODES))
        return
    if vihf.mode != DIRECT and not vihf.first(model.SUBJECT_ID):
        yield Observation(_at(model.SUBJECT_ID), "", "Prénom NOM")
    where = f"{HEADER}/AuthnStatement/AuthnContext"
    if not vihf.authn_context:
        yield Observation(f"{where}/AuthnContextClassRef", "", "urn:oasis:names:tc:SAML:2.0:ac:classes:…")
    if vihf.mode == AIR and not vihf.authn_decl:
        yield Observation(f"{where}/AuthnContextDecl", "", "APP_BROWSER_AUTH")
    if vihf.mode != AIR and vihf.authn_decl:
        yield Observation(f"{where}/AuthnContextDecl", vihf.authn_decl, "")


@RULES.rule("VIHF-11", source=f"{GUIDE} ; TRE_R248")
def purpose_is_known(presented: Presented) -> Iterator[Observation]:
    """PurposeOfUse is in its list; breaking the glass gives a reason."""
    vihf = presented.vihf
    if model.PURPOSE not in vihf.attributes:
        return
    code = vihf.purpose.code if vihf.purpose is not None else ""
    system = vihf.purpose.system if vihf.purpose is not None else ""
    if code not in model.PURPOSE_NAMES or system != model.PURPOSES:
        yield Observation(_at(model.PURPOSE), f"{code}^{system}", " | ".join(model.PURPOSE_NAMES))
    if code == "bris_de_glace" and not vihf.first(model.REASON):
        yield Observation(_at(model.REASON), "", "motif")


@RULES.rule("VIHF-12", requirements=("EX_0.1-1100",), source="SEL-MP-037, EX_0.1-1100")
def secrecy_is_for_minors(presented: Presented) -> Iterator[Observation]:
    """The secret connection is asked with its exact value, and only for a minor."""
    value = presented.vihf.first(model.CONFIDENTIALITY)
    if not value:
        return
    if value != model.SECRET:
        yield Observation(_at(model.CONFIDENTIALITY), value, model.SECRET)
    if presented.age is not None and presented.age >= 18:
        yield Observation(_at(model.CONFIDENTIALITY), f"{presented.age} ans", "< 18 ans")


@RULES.rule("VIHF-13", source="SEL-MP-037 (LPS_Nom, LPS_Version, LPS_ID_HOMOLOGATION_DMP)")
def software_names_itself(presented: Presented) -> Iterator[Observation]:
    """Name, version and homologation number of the software are given, the number being the declared one."""
    vihf = presented.vihf
    for name in (model.LPS_NAME, model.LPS_VERSION, model.HOMOLOGATION):
        if not vihf.first(name):
            yield Observation(_at(name), "", "1")
    number = vihf.first(model.HOMOLOGATION)
    if number and presented.homologation and number != presented.homologation:
        yield Observation(_at(model.HOMOLOGATION), number, presented.homologation)


@RULES.rule("VIHF-14", requirements=("BEN-DMP-12",), source="SEL-MP-037, EX_GEN-1460 ; fenêtre supposée")
def issued_now(presented: Presented) -> Iterator[Observation]:
    """IssueInstant is an UTC instant within the accepted window (24 h: assumed)."""
    issued = instant(presented.vihf.issue_instant)
    if issued is None:
        yield Observation(f"{HEADER}/@IssueInstant", presented.vihf.issue_instant, "AAAA-MM-JJThh:mm:ss.sssZ")
    elif abs(presented.now - issued) > presented.max_age:
        yield Observation(
            f"{HEADER}/@IssueInstant",
            presented.vihf.issue_instant,
            f"{presented.now:%Y-%m-%dT%H:%M:%SZ} ± {presented.max_age}",
        )


@RULES.rule(
    "VIHF-14W", requires=Keyword.DEVRAIT, requirements=("BEN-DMP-12",), source="SEL-MP-037, EX_GEN-1460"
)
def clock_is_right(presented: Presented) -> Iterator[Observation]:
    """The software's clock is within five minutes of the service's."""
    issued = instant(presented.vihf.issue_instant)
    if issued is not None and TOLERANCE < abs(presented.now - issued) <= presented.max_age:
        yield Observation(
            f"{HEADER}/@IssueInstant",
            presented.vihf.issue_instant,
            f"{presented.now:%Y-%m-%dT%H:%M:%SZ} ± {TOLERANCE}",
        )


@RULES.rule("VIHF-15", requires=Keyword.DEVRAIT, source="SAML 2.0 core §1.3.4 ; XML Schema (ID)")
def identifier_is_fresh(presented: Presented) -> Iterator[Observation]:
    """The assertion's ID is a NCName that was not used before."""
    if not NCNAME.fullmatch(presented.vihf.id):
        yield Observation(f"{HEADER}/@ID", presented.vihf.id, "NCName")
    if presented.replayed:
        yield Observation(f"{HEADER}/@ID", presented.vihf.id, "jamais utilisé")


@RULES.rule("VIHF-16", source=f"{GUIDE} ; {MAPPING}")
def structure_is_the_signer(presented: Presented) -> Iterator[Observation]:
    """Identifiant_Structure is the OU of the organisation certificate."""
    if presented.signed is None or presented.vihf.mode == DIRECT or not presented.vihf.structure:
        return
    unit = structure_of(presented.signed.certificate)
    if presented.vihf.structure != unit:
        yield Observation(_at(model.STRUCTURE), presented.vihf.structure, unit)


@RULES.rule("VIHF-17", requires=Keyword.DEVRAIT, source=f"{MAPPING} ; exemples DMP")
def mode_is_spelled(presented: Presented) -> Iterator[Observation]:
    """The attribute is named Authentification_Mode."""
    name = presented.vihf.mode_name
    if name and name != model.MODE:
        yield Observation(ATTRIBUTES, name, model.MODE)


@RULES.rule("VIHF-18", requirements=("DMP/AIRS.06",), source="DMP/AIRS.06 ; SEL-MP-037")
def subject_is_a_person(presented: Presented) -> Iterator[Observation]:
    """NameID is the user's national identifier; in INDIRECTE it may be one of the structure's own."""
    vihf = presented.vihf
    if not vihf.name_id or PS_ID.fullmatch(vihf.name_id):
        return
    internal = vihf.name_id.partition("/")
    if vihf.mode == model.INDIRECT and internal[2] and internal[0] == vihf.structure:
        return
    yield Observation(f"{HEADER}/Subject/NameID", vihf.name_id, "8 + RPPS (11) | 0 + ADELI (9)")


@RULES.rule("VIHF-19", requirements=("BEN-DMP-13",), source=f"SAML 2.0 §2.5 ; {MAPPING}")
def conditions_hold(presented: Presented) -> Iterator[Observation]:
    """No audience; now is within the conditions, when there are any."""
    vihf = presented.vihf
    if vihf.version != "2.0":
        yield Observation(f"{HEADER}/@Version", vihf.version, "2.0")
    for audience in vihf.audiences:
        yield Observation(f"{HEADER}/Conditions/AudienceRestriction", audience, "")
    start, end = instant(vihf.not_before), instant(vihf.not_on_or_after)
    now = presented.now
    if vihf.not_before and (start is None or now + TOLERANCE < start):
        yield Observation(f"{HEADER}/Conditions/@NotBefore", vihf.not_before, f"<= {now:%Y-%m-%dT%H:%M:%SZ}")
    if vihf.not_on_or_after and (end is None or now - TOLERANCE >= end):
        yield Observation(
            f"{HEADER}/Conditions/@NotOnOrAfter", vihf.not_on_or_after, f"> {now:%Y-%m-%dT%H:%M:%SZ}"
        )


@RULES.rule("VIHF-20", source="PDT-INF-526 v1.8 ; PDT-INF-606 v1.3 (droits fonctionnels)")
def mode_gives_the_right(presented: Presented) -> Iterator[Observation]:
    """The authentication mode gives the right to this transaction."""
    mode, transaction = presented.vihf.mode, presented.transaction
    if mode in MODES and transaction in rights.RIGHTS and not rights.allowed(mode, transaction):
        yield Observation(
            _at(model.MODE), f"{transaction} en {mode}", " | ".join(sorted(rights.RIGHTS[transaction]))
        )


@RULES.rule("VIHF-21", requires=Keyword.PEUT, source="VIHF 1.x (obsolète)")
def attributes_are_not_obsolete(presented: Presented) -> Iterator[Observation]:
    """Attributes of VIHF 1.x are no longer used."""
    for name in presented.vihf.attributes:
        if name in model.OBSOLETE:
            yield Observation(_at(name), name, "")


def instant(text: str) -> datetime | None:
    """An xs:dateTime with its zone; None when it is not one."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo is not None else None
