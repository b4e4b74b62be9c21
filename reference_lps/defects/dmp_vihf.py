"""Defects of the VIHF and of the envelope that carries it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from schemas.vihf import AIR, DIRECT, INDIRECT, VihfRequest
from schemas.vihf.model import Role

from .model import Defect

ACCESS = ("DMP/CONF.10",)
SIGNED = ("BEN-DMP-13",)


def always(**values: object) -> Callable[[VihfRequest], VihfRequest]:
    """These fields, whatever the call."""
    return lambda request: replace(request, **values)  # type: ignore[arg-type]


def secret_for_adults(request: VihfRequest) -> VihfRequest:
    """By the year of birth in the INS: 35 to 99 are of the last century."""
    adult = request.patient is not None and int(request.patient.matricule[1:3]) >= 35
    return replace(request, secret=True) if adult else request


def in_mode(asked: str, **values: object) -> Callable[[VihfRequest], VihfRequest]:
    """These fields, in this mode only."""
    return lambda request: replace(request, **values) if request.mode == asked else request  # type: ignore[arg-type]


def words(old: str, new: str) -> Callable[[str], str]:
    """The assertion with other words, before it is signed."""
    return lambda assertion: assertion.replace(old, new)


def octets(old: str, new: str) -> Callable[[bytes], bytes]:
    """Bytes with others in their place."""
    return lambda data: data.replace(old.encode(), new.encode())


def first_patient_kept() -> Callable[[VihfRequest], VihfRequest]:
    """The assertion goes on naming the first patient of the session."""
    first: list[VihfRequest] = []

    def vihf(request: VihfRequest) -> VihfRequest:
        if request.patient is not None:
            first.append(request)
        return replace(request, patient=first[0].patient) if first else request

    return vihf


def profession_only(request: VihfRequest) -> VihfRequest:
    return replace(request, roles=request.roles[:1])


def generic_role(request: VihfRequest) -> VihfRequest:
    return replace(request, roles=(Role("", "1.2.250.1.71.1.2.7", "Professionnel"),))


def other_structure(request: VihfRequest) -> VihfRequest:
    """That of another site, under the certificates of this one."""
    return request if request.mode == DIRECT else replace(request, structure="499700100011002")


def login_later(request: VihfRequest) -> VihfRequest:
    """The login instant is in another time zone, written as UTC."""
    return replace(request, authn_instant=request.issue_instant + timedelta(hours=2))


DEFECTS = (
    Defect(
        "dmp-vihf-sans-personne",
        "dmp",
        "Le VIHF ne dit pas qui agit (subject-id absent)",
        "The VIHF does not say who acts (no subject-id)",
        "VIHF-10",
        ACCESS,
        {"vihf": always(subject_id="")},
    ),
    Defect(
        "dmp-vihf-urn",
        "dmp",
        "Ressource_URN n'est pas urn:dmp",
        "Ressource_URN is not urn:dmp",
        "VIHF-05",
        ACCESS,
        {"assertion": words(">urn:dmp<", ">urn:dmp:v2<")},
    ),
    Defect(
        "dmp-vihf-sans-urn",
        "dmp",
        "L'attribut Ressource_URN manque",
        "The attribute Ressource_URN is missing",
        "VIHF-04",
        ACCESS,
        {"assertion": words('Name="Ressource_URN"', 'Name="Resource_URN"')},
    ),
    Defect(
        "dmp-vihf-ins-sans-type",
        "dmp",
        "L'INS du VIHF n'est pas écrit en CX (type NH absent)",
        "The INS in the VIHF is not written as a CX (no type NH)",
        "VIHF-06",
        ACCESS,
        {"assertion": words("&amp;ISO^NH<", "&amp;ISO^PI<")},
    ),
    Defect(
        "dmp-vihf-patient-precedent",
        "dmp",
        "Le VIHF garde l'INS du premier patient de la session",
        "The VIHF keeps the INS of the first patient of the session",
        "VIHF-07",
        ACCESS,
        {"vihf": first_patient_kept()},
    ),
    Defect(
        "dmp-vihf-secteur",
        "dmp",
        "Le secteur d'activité n'est pas de la nomenclature",
        "The sector is not of its code system",
        "VIHF-08",
        ACCESS,
        {"vihf": always(sector="CABINET")},
    ),
    Defect(
        "dmp-vihf-sans-specialite",
        "dmp",
        "Le VIHF d'un médecin ne porte que la profession",
        "The VIHF of a doctor carries the profession only",
        "VIHF-09",
        ACCESS,
        {"vihf": profession_only},
    ),
    Defect(
        "dmp-vihf-air-sans-declaration",
        "dmp",
        "En AIR, AuthnContextDecl manque",
        "In AIR, AuthnContextDecl is missing",
        "VIHF-10",
        ACCESS,
        {"vihf": in_mode(AIR, authn_decl="")},
    ),
    Defect(
        "dmp-vihf-raison-acces",
        "dmp",
        "Le mode d'accès n'est pas de la nomenclature",
        "The purpose of use is not of its code system",
        "VIHF-11",
        ACCESS,
        {"vihf": always(purpose="consultation")},
    ),
    Defect(
        "dmp-vihf-secret-majeur",
        "dmp",
        "La connexion secrète est demandée pour tous les patients majeurs",
        "The secret connection is asked for every patient of age",
        "VIHF-12",
        ("EX_0.1-1100",),
        {"vihf": secret_for_adults},
    ),
    Defect(
        "dmp-vihf-homologation",
        "dmp",
        "Le numéro d'homologation est celui d'une autre version du logiciel",
        "The homologation number is that of another version of the software",
        "VIHF-13",
        ACCESS,
        {"vihf": always(homologation="BANC-DMP-0000")},
    ),
    Defect(
        "dmp-vihf-connexion-future",
        "dmp",
        "L'heure de connexion est l'heure locale, écrite comme UTC",
        "The login time is local, written as UTC",
        "VIHF-24",
        ACCESS,
        {"vihf": login_later},
    ),
    Defect(
        "dmp-vihf-audience",
        "dmp",
        "Le VIHF restreint son audience",
        "The VIHF restricts its audience",
        "VIHF-19",
        SIGNED,
        {
            "assertion": words(
                "<saml2:AuthnStatement",
                "<saml2:Conditions><saml2:AudienceRestriction><saml2:Audience>urn:dmp</saml2:Audience>"
                "</saml2:AudienceRestriction></saml2:Conditions><saml2:AuthnStatement",
            )
        },
    ),
    Defect(
        "dmp-vihf-structure",
        "dmp",
        "Identifiant_Structure n'est pas celui du certificat",
        "Identifiant_Structure is not the certificate's",
        "VIHF-16",
        ACCESS,
        {"vihf": other_structure},
    ),
    Defect(
        "dmp-vihf-emetteur",
        "dmp",
        "L'émetteur du VIHF est écrit dans l'ordre inverse",
        "The issuer of the VIHF is written in the reverse order",
        "VIHF-03",
        SIGNED,
        {"assertion": lambda assertion: reversed_issuer(assertion)},
    ),
    Defect(
        "dmp-vihf-retouche",
        "dmp",
        "Le VIHF est retouché après sa signature",
        "The VIHF is changed after it is signed",
        "VIHF-01",
        SIGNED,
        {"signed_assertion": octets("><saml2:", ">\n<saml2:")},
    ),
    Defect(
        "dmp-vihf-mauvais-certificat",
        "dmp",
        "Le VIHF est signé avec le certificat d'authentification",
        "The VIHF is signed with the authentication certificate",
        "VIHF-02",
        SIGNED,
        {"signing_pair": "auth"},
    ),
    Defect(
        "dmp-alimente-en-air",
        "dmp",
        "L'alimentation part en INDIRECTE_RENFORCEE",
        "Feeding is in INDIRECTE_RENFORCEE",
        "VIHF-20",
        ACCESS,
        {"vihf": in_mode(INDIRECT, mode=AIR, authn_decl="APP_BROWSER_AUTH")},
    ),
    Defect(
        "dmp-consulte-en-indirect",
        "dmp",
        "La consultation part en INDIRECTE",
        "Reading is in INDIRECTE",
        "VIHF-20",
        ACCESS,
        {"vihf": in_mode(AIR, mode=INDIRECT, authn_decl="")},
    ),
    Defect(
        "dmp-sans-reply-to",
        "dmp",
        "L'en-tête WS-Addressing ReplyTo manque",
        "The WS-Addressing header ReplyTo is missing",
        "SOAP-WSA-01",
        ACCESS,
        {"envelope": octets("wsa:ReplyTo", "wsa:FaultTo")},
    ),
    Defect(
        "dmp-action",
        "dmp",
        "La recherche part avec une action qui n'existe pas",
        "The search goes with an action that does not exist",
        "SOAP-WSA-02",
        ACCESS,
        {"envelope": octets(":RegistryStoredQuery</", ":RegistryStoredQuery-b</")},
    ),
    Defect(
        "dmp-soap-1.1",
        "dmp",
        "L'enveloppe est en SOAP 1.1",
        "The envelope is SOAP 1.1",
        "SOAP-VERSION-01",
        ACCESS,
        {
            "envelope": octets(
                "http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"
            )
        },
    ),
)


def reversed_issuer(assertion: str) -> str:
    """The DN from the root down, as some libraries write it."""
    opening, closing = (
        assertion.index(">", assertion.index("<saml2:Issuer")) + 1,
        assertion.index("</saml2:Issuer>"),
    )
    name = ",".join(reversed(assertion[opening:closing].split(",")))
    return assertion[:opening] + name + assertion[closing:]
