"""Writing of a VIHF, the way a vendor's software must."""

from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from schemas.xml import parse

from . import model
from .issuer import written
from .model import HL7, SAML, SUBJECT_NAME, XSI, Role, VihfRequest
from .signature import sign

XS = "http://www.w3.org/2001/XMLSchema"


def build(
    request: VihfRequest, certificate: x509.Certificate, key: RSAPrivateKey, digest: str = "sha256"
) -> bytes:
    """A signed assertion, ready to be put inside wsse:Security. `digest` is `sha256` or `sha1`."""
    unsigned = assertion_xml(request, written(certificate.subject))
    return sign(parse(unsigned.encode()), certificate, key, digest)


def assertion_xml(request: VihfRequest, issuer: str) -> str:
    """The unsigned assertion. `issuer` is the subject DN of the signing certificate (RFC 2253)."""
    authn = request.authn_instant or request.issue_instant
    decl = (
        f"<saml2:AuthnContextDecl>{escape(request.authn_decl)}</saml2:AuthnContextDecl>"
        if request.authn_decl
        else ""
    )
    return (
        f'<saml2:Assertion xmlns:saml2="{SAML}" xmlns:xs="{XS}" xmlns:xsi="{XSI}" ID={quoteattr(request.id)} '
        f'IssueInstant="{_instant(request.issue_instant)}" Version="2.0">'
        f'<saml2:Issuer Format="{SUBJECT_NAME}">{escape(issuer)}</saml2:Issuer>'
        f"<saml2:Subject><saml2:NameID>{escape(request.name_id)}</saml2:NameID></saml2:Subject>"
        f'<saml2:AuthnStatement AuthnInstant="{_instant(authn)}"><saml2:AuthnContext>'
        f"<saml2:AuthnContextClassRef>{escape(request.authn_context)}</saml2:AuthnContextClassRef>{decl}"
        f"</saml2:AuthnContext></saml2:AuthnStatement>"
        f"<saml2:AttributeStatement>{''.join(_attributes(request))}</saml2:AttributeStatement>"
        "</saml2:Assertion>"
    )


def _attributes(request: VihfRequest) -> list[str]:
    plain = [
        (model.VERSION, request.version),
        (model.MODE, request.mode),
        (model.STRUCTURE, request.structure),
        (model.SECTOR, f"{request.sector}^{model.SECTORS}"),
        (model.SUBJECT_ID, request.subject_id),
        (model.RESOURCE_ID, request.patient.cx() if request.patient else ""),
        (model.RESOURCE_URN, "urn:dmp"),
        (model.REASON, request.reason),
        (model.CONFIDENTIALITY, model.SECRET if request.secret else ""),
        (model.LPS_ID, request.lps_id),
        (model.LPS_NAME, request.lps_name),
        (model.LPS_VERSION, request.lps_version),
        (model.HOMOLOGATION, request.homologation),
    ]
    written = [_attribute(name, [_string(value)]) for name, value in plain if value]
    written.append(_attribute(model.ROLE, [_value(_coded("Role", role)) for role in request.roles]))
    purpose = Role(
        request.purpose,
        model.PURPOSES,
        model.PURPOSE_NAMES.get(request.purpose, ""),
        "mode acces VIHF 2.0",
    )
    written.append(_attribute(model.PURPOSE, [_value(_coded("PurposeOfUse", purpose))]))
    return written


def _attribute(name: str, values: list[str]) -> str:
    return f'<saml2:Attribute Name="{name}">{"".join(values)}</saml2:Attribute>'


def _string(value: str) -> str:
    return f'<saml2:AttributeValue xsi:type="xs:string">{escape(value)}</saml2:AttributeValue>'


def _value(content: str) -> str:
    return f"<saml2:AttributeValue>{content}</saml2:AttributeValue>"


def _coded(name: str, role: Role) -> str:
    system_name = f" codeSystemName={quoteattr(role.system_name)}" if role.system_name else ""
    return (
        f'<{name} xmlns="{HL7}" code={quoteattr(role.code)} codeSystem={quoteattr(role.system)}{system_name} '
        f"displayName={quoteattr(role.display)} xsi:type={quoteattr(role.type)}/>"
    )


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
