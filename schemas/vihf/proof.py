"""Who signed, with what, and over what: signature, certificates, Issuer."""

from collections.abc import Iterator

from schemas.finding import Keyword, Observation

from . import model
from .certificates import ORGANISATION, PERSON, holder_of, structure_of
from .issuer import issuer_of, same_subject
from .model import DIRECT, MODES
from .presented import HEADER, RULES, Presented, has_refused_certificate, is_weak
from .signature import SignatureRefused

KEY_INFO = f"{HEADER}/Signature/KeyInfo"
# Word of `Authorities.problems`: end of the rule id. Wrong usage has the plain id.
_CERTIFICATE_RULES = {
    "unknown-issuer": "AC",
    "expired": "EXP",
    "not-yet-valid": "FUT",
    "revoked": "REV",
}


@RULES.rule("VIHF-01", requirements=("BEN-DMP-13",), source="SAML 2.0 §5.4 ; SEL-MP-037")
def signature_is_valid(presented: Presented) -> Iterator[Observation]:
    """The signature is there, has the one accepted form, and verifies."""
    failed = presented.signature
    if isinstance(failed, SignatureRefused) and failed.step != "wrapping":
        yield Observation(f"{HEADER}/Signature ({failed.step})", failed.detail, "rsa-sha256, #ID, exc-c14n")


@RULES.rule("VIHF-XSW", requirements=("BEN-DMP-13",), source="SAML 2.0 §5.4 ; XML Signature 1.1 §2.3")
def nothing_is_wrapped(presented: Presented) -> Iterator[Observation]:
    """Nothing but the assertion itself can be what was signed."""
    failed = presented.signature
    if isinstance(failed, SignatureRefused) and failed.step == "wrapping":
        yield Observation(f"{HEADER}/Signature (wrapping)", failed.detail, "rsa-sha256, #ID, exc-c14n")


@RULES.rule("VIHF-SHA1", requires=Keyword.PEUT, source="RGS annexe B1 ; exemples DMP", when=is_weak)
def signature_is_not_sha1(presented: Presented) -> Iterator[Observation]:
    """SHA-1 is accepted, as the public examples use it; SHA-256 is wanted."""
    if presented.policy.sha1:
        yield Observation(f"{HEADER}/Signature/SignedInfo", "sha1", "sha256")


@RULES.rule("VIHF-SHA1R", source="RGS annexe B1 ; réglage du banc (SHA-1 refusé)", when=is_weak)
def sha1_is_refused(presented: Presented) -> Iterator[Observation]:
    """SHA-1 is refused, when the service is set so."""
    if not presented.policy.sha1:
        yield Observation(f"{HEADER}/Signature/SignedInfo", "sha1", "sha256")


@RULES.rule(
    "VIHF-02",
    requirements=("BEN-DMP-13",),
    source="SEL-MP-037 ; IGC-Santé",
    when=has_refused_certificate,
)
def signer_may_sign(presented: Presented) -> Iterator[Observation]:
    """The signer's certificate has signature usage."""
    if "wrong-usage" in presented.signer_problems:
        yield Observation(KEY_INFO, "wrong-usage", "contentCommitment (ORG_SIGN, signature CPx)")


@RULES.rule("VIHF-TLS-01", source="SEL-MP-037 ; PDT-INF-579 ; IGC-Santé", when=has_refused_certificate)
def tls_certificate_authenticates(presented: Presented) -> Iterator[Observation]:
    """The TLS client certificate has authentication usage."""
    if "wrong-usage" in presented.tls_problems:
        yield Observation("TLS", "wrong-usage", "digitalSignature, clientAuth (ORG_AUTH_CLI, CPx)")


def _certificate_rules() -> None:
    """Of both certificates, signer's and TLS: known authority, not expired, already valid, not revoked."""
    for problem, end in _CERTIFICATE_RULES.items():

        def signer(presented: Presented, problem: str = problem) -> Iterator[Observation]:
            if problem in presented.signer_problems:
                yield Observation(KEY_INFO, problem, "valide, non révoqué, IGC-Santé de test")

        def client(presented: Presented, problem: str = problem) -> Iterator[Observation]:
            if problem in presented.tls_problems:
                yield Observation("TLS", problem, "valide, non révoqué, IGC-Santé de test")

        RULES.rule(
            f"VIHF-02-{end}",
            requirements=("BEN-DMP-13",),
            source="SEL-MP-037 ; IGC-Santé",
            when=has_refused_certificate,
        )(signer)
        RULES.rule(
            f"VIHF-TLS-01-{end}", source="SEL-MP-037 ; EX_AIR-080 ; IGC-Santé", when=has_refused_certificate
        )(client)


_certificate_rules()


@RULES.rule("VIHF-26", source="SEL-MP-037 (authentification directe et indirecte) ; IGC-Santé")
def certificates_suit_the_mode(presented: Presented) -> Iterator[Observation]:
    """DIRECTE: the card's certificates; INDIRECTE and AIR: the organisation's."""
    mode = presented.vihf.mode
    if mode not in MODES:
        return
    wanted = PERSON if mode == DIRECT else ORGANISATION
    words = "certificat de carte CPx" if mode == DIRECT else "certificat d'organisation"
    for where, kind in ((KEY_INFO, presented.signer_kind), ("TLS", presented.tls_kind)):
        if kind and kind != wanted:
            yield Observation(where, f"{kind} ({mode})", words)


@RULES.rule("VIHF-TLS-02", source="SEL-MP-037 (même porteur pour la connexion et la signature)")
def tls_and_vihf_are_of_one_holder(presented: Presented) -> Iterator[Observation]:
    """TLS and VIHF certificates belong to the same organisation, or to the same card."""
    if presented.signed is None or presented.tls_structure is None:
        return
    certificate = presented.signed.certificate
    if presented.vihf.mode != DIRECT:
        signer = structure_of(certificate)
        if presented.tls_structure != signer:
            yield Observation("TLS (OU)", presented.tls_structure, signer)
    elif presented.signer_kind == presented.tls_kind == PERSON and presented.tls_certificate is not None:
        holder, client = holder_of(certificate), holder_of(presented.tls_certificate)
        if holder != client:
            yield Observation("TLS (CN)", client, holder)


@RULES.rule("VIHF-03", requirements=("BEN-DMP-13",), source="SEL-MP-037 ; exemples DMP")
def issuer_is_the_signer(presented: Presented) -> Iterator[Observation]:
    """Issuer is the subject DN of the signing certificate, in RFC 2253 form."""
    vihf = presented.vihf
    if vihf.issuer_format != model.SUBJECT_NAME:
        yield Observation(f"{HEADER}/Issuer/@Format", vihf.issuer_format, model.SUBJECT_NAME)
    if presented.signed is not None:
        certificate = presented.signed.certificate
        wanted = issuer_of(certificate)
        if vihf.issuer != wanted and not same_subject(vihf.issuer, certificate.subject):
            yield Observation(f"{HEADER}/Issuer", vihf.issuer, wanted)
