"""Reading of a VIHF: where it is in an envelope, and what it says."""

from schemas.xml import Element

from .model import HL7, PURPOSE, ROLE, SAML, XSI, Role, Vihf

ASSERTION = f"{{{SAML}}}Assertion"
_TYPE = f"{{{XSI}}}type"
_ATTRIBUTE, _STATEMENT = f"{{{SAML}}}Attribute", f"{{{SAML}}}AttributeStatement"
_ISSUER, _CONDITIONS = f"{{{SAML}}}Issuer", f"{{{SAML}}}Conditions"
_SUBJECT, _AUTHN = f"{{{SAML}}}Subject", f"{{{SAML}}}AuthnStatement"
_ROLE, _PURPOSE = f"{{{HL7}}}Role", f"{{{HL7}}}PurposeOfUse"


class VihfRefused(ValueError):
    """There is no VIHF to read. `reason`: `no-security`, `no-vihf`, `several-vihf`, `misplaced`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail

    @property
    def wrapped(self) -> bool:
        """Whether there are assertions, but not the one of wsse:Security alone."""
        return self.reason in ("several-vihf", "misplaced")


def find(root: Element, security: Element | None) -> Element:
    """The one assertion of an envelope: the only one anywhere in it, and a child of wsse:Security.

    Raises VihfRefused. A second assertion anywhere is refused: that is how signatures are wrapped.
    """
    if security is None:
        raise VihfRefused("no-security", "the SOAP header has no wsse:Security")
    found = list(root.iter(ASSERTION))
    if not found:
        raise VihfRefused("no-vihf", "wsse:Security holds no SAML 2.0 assertion")
    if len(found) > 1:
        raise VihfRefused("several-vihf", f"{len(found)} assertions in one message: only one is allowed")
    if found[0].getparent() is not security:
        raise VihfRefused("misplaced", "the assertion is not a child of wsse:Security")
    return found[0]


def text(element: Element | None) -> str:
    """All character data directly inside, stripped: a comment in the middle hides nothing."""
    if element is None:
        return ""
    if not len(element):
        return (element.text or "").strip()
    return "".join([element.text or "", *(child.tail or "" for child in element)]).strip()


def read(assertion: Element) -> Vihf:
    """Decode an assertion. Never raises on content: what is absent is empty."""
    parts: dict[object, Element] = {}  # the first of each kind
    attributes: dict[str, tuple[str, ...]] = {}
    repeated: list[str] = []
    roles: list[Role] = []
    purpose: Role | None = None
    for part in assertion:
        parts.setdefault(part.tag, part)
        if part.tag != _STATEMENT:
            continue
        for item in part.iterchildren(_ATTRIBUTE):
            name = item.get("Name", "")
            values = [value for value in item if isinstance(value.tag, str)]
            if name == ROLE:
                roles += [coded for value in values if (coded := _coded(value, _ROLE)) is not None]
            elif name == PURPOSE:
                purpose = next((_coded(value, _PURPOSE) for value in values), None)
            if name in attributes:
                repeated.append(name)
                continue
            attributes[name] = tuple([text(value) for value in values])
    issuer, conditions = parts.get(_ISSUER), parts.get(_CONDITIONS)
    subject, statement = parts.get(_SUBJECT), parts.get(_AUTHN)
    context = statement.find(f"{{{SAML}}}AuthnContext") if statement is not None else None
    return Vihf(
        id=assertion.get("ID", ""),
        version=assertion.get("Version", ""),
        issue_instant=assertion.get("IssueInstant", ""),
        issuer=text(issuer),
        issuer_format=issuer.get("Format", "") if issuer is not None else "",
        name_id=text(subject.find(f"{{{SAML}}}NameID")) if subject is not None else "",
        authn_instant=statement.get("AuthnInstant", "") if statement is not None else "",
        authn_context=text(context.find(f"{{{SAML}}}AuthnContextClassRef")) if context is not None else "",
        authn_decl=text(context.find(f"{{{SAML}}}AuthnContextDecl")) if context is not None else "",
        attributes=attributes,
        roles=tuple(roles),
        purpose=purpose,
        not_before=conditions.get("NotBefore", "") if conditions is not None else "",
        not_on_or_after=conditions.get("NotOnOrAfter", "") if conditions is not None else "",
        audiences=tuple([text(item) for item in assertion.iter(f"{{{SAML}}}Audience")]),
        repeated=tuple(repeated),
    )


def _coded(value: Element, tag: str) -> Role | None:
    """The first coded element of this tag in a value."""
    for item in value:
        if item.tag != tag:
            continue
        return Role(
            item.get("code", ""),
            item.get("codeSystem", ""),
            item.get("displayName", ""),
            item.get("codeSystemName", ""),
            item.get(_TYPE, ""),
        )
    return None
