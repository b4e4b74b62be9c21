"""Every refusal of the DMP, with its carrier and its wire code. No error is built by hand elsewhere.

Codes come from the public documents: those of the DMP (`DMPInvalidCertificate`,
`DMPAccessDeniedByRightsService`, `DMPClosed`) and those of IHE XDS. Which refusal carries which code is
assumed for most of them: the DMP's own list is not public. What we say of our own begins with `[bench]`.
"""

from schemas.finding import Finding
from schemas.xds import RegistryError

FAULT, ANSWER = "fault", "answer"  # a SOAP fault, or the error form of the transaction's own answer
PARTY = "Erreur d'authentification de la personne morale"


class Refusal(Exception):
    """Why a call is refused.

    `cause` is our stable word; `code` the wire code (may be empty in a fault); `carrier` FAULT or ANSWER;
    `soap_code` the code of a fault; `status` its HTTP status. `listed`: the errors of an answer that has
    one for each document asked for. `ack`: type of a negative HL7v3 acknowledgement, AE or AR.
    """

    def __init__(
        self,
        cause: str,
        text: str,
        *,
        code: str = "",
        carrier: str = FAULT,
        soap_code: str = "Sender",
        namespace: str = "",
        status: int = 500,
        location: str = "",
        listed: tuple[RegistryError, ...] = (),
        ack: str = "AE",
    ) -> None:
        super().__init__(f"{cause}: {text}")
        self.cause = cause
        self.text = text
        self.code = code
        self.carrier = carrier
        self.soap_code = soap_code
        self.namespace = namespace
        self.status = status
        self.location = location
        self.listed = listed
        self.ack = ack


WSA = "http://www.w3.org/2005/08/addressing"
RIGHTS = "DMPAccessDeniedByRightsService"

# Rule of the VIHF → cause, code, carrier, sentence; the first error in this order decides. `[bench]` is put
# before each sentence, save the one that the DMP is known to say. Only codes of public documents are given.
_ENDS = (
    ("-AC", " : autorité inconnue"),
    ("-EXP", " : expiré"),
    ("-FUT", " : pas encore valide"),
    ("-REV", " : révoqué"),
)
_CERTIFICATE = "DMPInvalidCertificate"
_MISMATCH = "XDSPatientIdDoesNotMatch"
_Row = tuple[str, str, str, str]
_VIHF: dict[str, _Row] = {
    **{
        f"VIHF-TLS-01{end}": ("tls-certificate", "", FAULT, f"certificat client TLS non recevable{why}")
        for end, why in (("", ""), *_ENDS)
    },
    "VIHF-XSW": ("vihf-wrapped", "", FAULT, "assertion enveloppée : ce qui est signé n'est pas le VIHF seul"),
    "VIHF-01": ("vihf-signature", "", FAULT, "signature du VIHF non valide"),
    "VIHF-SHA1R": ("vihf-signature", "", FAULT, "signature du VIHF en SHA-1"),
    **{
        f"VIHF-02{end}": (
            "vihf-certificate",
            _CERTIFICATE,
            FAULT,
            f"certificat de signature non recevable{why}",
        )
        for end, why in (("", ""), *_ENDS)
    },
    "VIHF-26": ("vihf-certificate", _CERTIFICATE, FAULT, "certificat d'un autre genre que le mode"),
    "VIHF-TLS-02": ("structure-mismatch", "", FAULT, PARTY),
    "VIHF-23": ("vihf-replayed", "", FAULT, "VIHF déjà présenté"),
    "VIHF-14": ("vihf-expired", "", FAULT, "VIHF périmé ou émis dans le futur"),
    "VIHF-19": ("vihf-conditions", "", FAULT, "conditions du VIHF non remplies"),
    "VIHF-04": ("vihf-attributes", "", FAULT, "attribut du VIHF absent ou répété"),
    "VIHF-05": ("vihf-attributes", "", FAULT, "Ressource_URN"),
    "VIHF-06": ("vihf-attributes", "", FAULT, "resource-id"),
    "VIHF-10": ("vihf-attributes", "", FAULT, "mode d'authentification"),
    "VIHF-11": ("vihf-attributes", "", FAULT, "purposeofuse"),
    "VIHF-09": ("vihf-role", "", FAULT, "rôle ou spécialité absents du VIHF"),
    "VIHF-16": ("structure-mismatch", "", FAULT, PARTY),
    "VIHF-07": ("patient-mismatch", _MISMATCH, ANSWER, "le patient du VIHF n'est pas celui du message"),
    "VIHF-20": ("rights", RIGHTS, ANSWER, "transaction non permise dans ce mode d'authentification"),
}


def for_vihf(findings: list[Finding]) -> Refusal | None:
    """The refusal that findings about a VIHF call for; None when none of them decides."""
    seen = {finding.rule: finding for finding in reversed(findings) if finding.is_error}
    if not seen:
        return None
    for rule, (cause, code, carrier, sentence) in _VIHF.items():
        finding = seen.get(rule)
        if finding is not None:
            detail = f"{finding.where} : {finding.observed or 'absent'}"
            text = sentence if sentence == PARTY else f"[bench] {sentence}"
            return Refusal(cause, f"{text} ({detail})", code=code, carrier=carrier)
    return None


def not_found(path: str) -> Refusal:
    return Refusal("unknown-service", f"[bench] service inconnu ou non simulé : {path}")


def not_simulated(what: str) -> Refusal:
    return Refusal("not-simulated", f"[bench] transaction non simulée par le banc : {what}")


def removed(what: str) -> Refusal:
    """A transaction that the DMP no longer has. The fault of an unknown operation is not public."""
    return Refusal("removed", f"[bench] transaction retirée du DMP : {what}")


def no_right(action: str, actor: str, purpose: str, mode: str) -> Refusal:
    """The sheet of rights says no."""
    text = f"[bench] {action} : non permis ({actor}, {purpose}, {mode})"
    return Refusal("rights", text, code=RIGHTS, carrier=ANSWER)


def opposed(purpose: str) -> Refusal:
    """The patient opposes this way of access. The code is assumed."""
    return Refusal("opposition", f"[bench] opposition du patient : {purpose}", code=RIGHTS, carrier=ANSWER)


def blocked(code: str) -> Refusal:
    """A blocked professional asks for an authorisation. The code is a setting."""
    text = "[bench] autorisation impossible : professionnel bloqué par le patient"
    return Refusal("authorisation-interdit", text, code=code, carrier=ANSWER)


def unknown_value(what: str) -> Refusal:
    """A parameter of a proprietary service that the service does not know. No code is public."""
    return Refusal("parameter", f"[bench] {what}")


def ended(transaction: str) -> Refusal:
    """TD1.1 and TD1.2, which software no longer does; TD1.3b and TD1.4 on a DMP attached to MES."""
    return Refusal("ended", f"[bench] {transaction} : n'est plus permis", code=RIGHTS, carrier=ANSWER)


def not_revised(transaction: str) -> Refusal:
    return Refusal("not-simulated", f"[bench] {transaction} sur un DMP hors MES : non simulé par le banc")


def already(code: str, detail: str) -> Refusal:
    """`DMPFound` (a DMP exists, or is open already) or `DMPClosed` (closed already)."""
    return Refusal("already", f"[bench] {detail}", code=code, carrier=ANSWER)


def no_tls() -> Refusal:
    return Refusal("tls-missing", "[bench] le DMP exige une authentification TLS mutuelle")


def malformed(cause: str, detail: str) -> Refusal:
    return Refusal(cause, f"[bench] message illisible : {detail}")


def old_soap(detail: str) -> Refusal:
    return Refusal("soap-1.1", f"[bench] {detail}", soap_code="VersionMismatch")


def not_understood(detail: str) -> Refusal:
    return Refusal("must-understand", f"[bench] {detail}", soap_code="MustUnderstand")


def addressing(names: tuple[str, ...]) -> Refusal:
    """A required WS-Addressing header is absent: the standard fault."""
    text = f"A required header representing a Message Addressing Property is not present ({', '.join(names)})"
    return Refusal("addressing", text, code="MessageAddressingHeaderRequired", namespace=WSA)


def wrong_action(action: str, expected: str) -> Refusal:
    text = f"[bench] wsa:Action {action} ne correspond pas au corps du message, attendu {expected}"
    return Refusal("action", text, code="ActionMismatch", namespace=WSA)


def wrong_service(service: str, expected: str) -> Refusal:
    return Refusal("service", f"[bench] cette transaction s'adresse à …/{expected}, pas à …/{service}")


def misspelt_mode(name: str) -> Refusal:
    """The attribute of the mode is not spelled as it must be, at a DMP that is set to mind."""
    return Refusal("vihf-attributes", f"[bench] attribut {name} : attendu Authentification_Mode")


def too_many(found: int, limit: int) -> Refusal:
    return registry("XDSTooManyResults", f"{found} objets trouvés, au plus {limit}")


def no_vihf(detail: str) -> Refusal:
    return Refusal("vihf-missing", f"[bench] VIHF absent ou mal placé : {detail}")


def wrapped_vihf(detail: str) -> Refusal:
    return Refusal("vihf-wrapped", f"[bench] VIHF dédoublé ou mal placé : {detail}")


def unreadable_body(detail: str, code: str = "") -> Refusal:
    return Refusal("body", f"[bench] {detail}", code=code, carrier=ANSWER if code else FAULT)


def unknown_structure(structure: str) -> Refusal:
    return Refusal("structure-unknown", f"Structure introuvable ou Inactive ({structure})")


def unlinked(user: str, structure: str) -> Refusal:
    return Refusal("user-unlinked", f"PS et Structure non liés ({user}, {structure})")


def unknown_patient(matricule: str) -> Refusal:
    return Refusal(
        "patient-unknown",
        f"[bench] aucun DMP pour le patient {matricule}",
        code="XDSUnknownPatientId",
        carrier=ANSWER,
    )


def closed(matricule: str) -> Refusal:
    """A closed DMP. `DMPClosed` is public for closing twice; here it is assumed."""
    return Refusal(
        "dmp-closed", f"[bench] le DMP du patient {matricule} est fermé", code="DMPClosed", carrier=ANSWER
    )


def unauthorised(state: str) -> Refusal:
    return Refusal(
        f"authorisation-{state.lower().replace('_', '-')}",
        f"[bench] autorisation d'accès du professionnel : {state}",
        code=RIGHTS,
        carrier=ANSWER,
    )


def other_patient(written: str, expected: str) -> Refusal:
    return Refusal(
        "patient-mismatch",
        f"[bench] patient {written}, VIHF {expected}",
        code="XDSPatientIdDoesNotMatch",
        carrier=ANSWER,
    )


def registry(code: str, detail: str, cause: str = "", location: str = "") -> Refusal:
    """A registry error with an XDS code."""
    return Refusal(cause or code, f"[bench] {detail}", code=code, carrier=ANSWER, location=location)


def none_given(refused: tuple[RegistryError, ...]) -> Refusal:
    """A retrieval that gives no document at all: one error for each that was asked for."""
    first = refused[0]
    return Refusal(
        first.code, first.context, code=first.code, carrier=ANSWER, location=first.location, listed=refused
    )


def update(detail: str, location: str = "") -> Refusal:
    """An update that the state of the entry does not allow. `XDSMetadataUpdateError` is assumed."""
    return registry("XDSMetadataUpdateError", detail, location=location)


def version(detail: str, location: str) -> Refusal:
    """A new version that does not follow the current one."""
    return registry("XDSMetadataVersionError", detail, location=location)


def not_permitted(what: str, location: str) -> Refusal:
    """An action that the functional rights do not give to this caller on this document."""
    detail = f"{what} : non permis à ce professionnel sur ce document"
    return registry(RIGHTS, detail, "rights", location)


def injected(
    code: str,
    text: str,
    *,
    carrier: str,
    soap_code: str = "Receiver",
    ack: str = "AE",
    namespace: str = "",
) -> Refusal:
    """A refusal that a scenario asked for."""
    return Refusal(
        "injected",
        text,
        code=code,
        carrier=carrier,
        soap_code=soap_code,
        ack=ack,
        namespace=namespace,
    )
