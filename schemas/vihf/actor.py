"""Who and by what right: mode, user, roles, structure."""

from collections.abc import Iterator

from schemas import valuesets
from schemas.finding import Keyword, Observation

from . import model, rights
from .certificates import PERSON, holder_of, structure_of
from .model import AIR, DIRECT, INDIRECT, MODES, Role, Vihf
from .policy import CARD_CONTEXT
from .presented import GUIDE, HEADER, MAPPING, PS_ID, RULES, Presented, at

CONTEXT = f"{HEADER}/AuthnStatement/AuthnContext"
CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
NAME_ID = f"{HEADER}/Subject/NameID"
DOCTOR, PHARMACIST = "10", "21"
# First digit of a Struct_IdNat: first digit of the PS_IdNat of those inside it (FINESS, SIREN, SIRET, RPPS)
_INSIDE = {"1": "3", "2": "4", "3": "5", "4": "6"}
_ANS_ARCS = ("1.2.250.1.71.", "1.2.250.1.213.")


@RULES.rule("VIHF-10", source=f"{GUIDE} ; EX_AIR-050 ; {MAPPING}")
def mode_is_consistent(presented: Presented) -> Iterator[Observation]:
    """What each authentication mode demands of the assertion."""
    vihf, policy = presented.vihf, presented.policy
    if vihf.mode not in MODES:
        yield Observation(at(model.MODE), vihf.mode, " | ".join(MODES))
        return
    if vihf.mode != DIRECT and not vihf.first(model.SUBJECT_ID):
        yield Observation(at(model.SUBJECT_ID), "", "Prénom NOM")
    if not vihf.authn_context:
        yield Observation(f"{CONTEXT}/AuthnContextClassRef", "", f"{CLASSES}…")
    if vihf.mode == AIR and vihf.authn_decl not in policy.air_contexts + policy.odd_air_contexts:
        wanted = " | ".join(policy.air_contexts)
        yield Observation(f"{CONTEXT}/AuthnContextDecl", vihf.authn_decl, wanted)
    if vihf.mode != AIR and vihf.authn_decl:
        yield Observation(f"{CONTEXT}/AuthnContextDecl", vihf.authn_decl, "")


@RULES.rule("VIHF-27", requires=Keyword.DEVRAIT, source=f"{MAPPING} ; exemples DMP ; EX_AIR-050")
def login_is_coherent(presented: Presented) -> Iterator[Observation]:
    """AuthnContextClassRef tells how the user logged in: a card in DIRECTE, nobody for an automaton."""
    vihf, policy = presented.vihf, presented.policy
    where, context = f"{CONTEXT}/AuthnContextClassRef", vihf.authn_context
    if context and not context.startswith(CLASSES):
        yield Observation(where, context, f"{CLASSES}…")
    elif context and vihf.mode == DIRECT and context != CARD_CONTEXT:
        yield Observation(where, context, CARD_CONTEXT)
    elif context and vihf.mode == INDIRECT and context != f"{CLASSES}unspecified" and _automaton(vihf):
        yield Observation(where, context, f"{CLASSES}unspecified")
    if vihf.mode == AIR and vihf.authn_decl in policy.odd_air_contexts:
        wanted = " | ".join(policy.air_contexts)
        yield Observation(f"{CONTEXT}/AuthnContextDecl", vihf.authn_decl, wanted)


@RULES.rule("VIHF-09", source=f"{GUIDE} ; {MAPPING} ; JDV J65")
def roles_are_right(presented: Presented) -> Iterator[Observation]:
    """1 to 4 coded roles; a doctor gives a speciality, a pharmacist a section; an automaton feeds only."""
    vihf = presented.vihf
    if model.ROLE not in vihf.attributes:
        return
    roles, values, where = vihf.roles, len(vihf.attributes[model.ROLE]), at(model.ROLE)
    if not 1 <= values <= 4:
        yield Observation(where, values, "1..4")
    if len(roles) != values or any(not role.code or not role.system for role in roles):
        yield Observation(where, "Role sans code ou codeSystem", "Role (urn:hl7-org:v3)")
        return
    first = roles[0] if roles else Role("", "")
    if first.system == model.PROFESSIONS and first.code in (DOCTOR, PHARMACIST):
        if not _has_speciality(first.code, roles[1:]):
            second = f"{roles[1].code}^{roles[1].system}" if len(roles) > 1 else ""
            yield Observation(f"{where}/AttributeValue[2]", second, model.SPECIALITIES)
    elif vihf.mode != INDIRECT and first.code == model.AUTOMATON:
        yield Observation(f"{where}/AttributeValue[1]", f"{first.code} ({vihf.mode})", model.PROFESSIONS)


@RULES.rule("VIHF-28", requires=Keyword.DEVRAIT, source="TRE_G15 ; TRE_R01 ; JDV J65 (tenue en partie)")
def roles_are_known(presented: Presented) -> Iterator[Observation]:
    """Professions are of TRE_G15, specialities of TRE_R01, in code systems of the ANS, typed CE."""
    for rank, role in enumerate(presented.vihf.roles, 1):
        where = f"{at(model.ROLE)}/AttributeValue[{rank}]"
        key = _TABLES.get(role.system)
        if key is not None and role.code and not valuesets.value_set(key).contains(role.code, role.system):
            yield Observation(where, role.code, valuesets.value_set(key).name)
        elif key is None and role.system and not role.system.startswith(_ANS_ARCS):
            yield Observation(f"{where}/@codeSystem", role.system, model.PROFESSIONS)
        if role.type.rpartition(":")[2] != "CE":
            yield Observation(f"{where}/@xsi:type", role.type, "CE")


_TABLES = {model.PROFESSIONS: "TRE_G15", model.SPECIALITIES: "TRE_R01"}


def _has_speciality(profession: str, roles: tuple[Role, ...]) -> bool:
    """TRE_R01 for a doctor; a section (TRE_G05) for a pharmacist, whose code system no public text gives."""
    if profession == DOCTOR:
        return any(role.system == model.SPECIALITIES for role in roles)
    return any(valuesets.value_set("J01").contains(f"G15_21/{role.code}", _J01) for role in roles)


_J01 = valuesets.SPECIALITY


def _automaton(vihf: Vihf) -> bool:
    return bool(vihf.roles) and vihf.roles[0].code == model.AUTOMATON


@RULES.rule("VIHF-16", source=f"{GUIDE} ; {MAPPING}")
def structure_is_the_signer(presented: Presented) -> Iterator[Observation]:
    """Identifiant_Structure is the OU of the organisation certificate."""
    if presented.signed is None or presented.vihf.mode == DIRECT or not presented.vihf.structure:
        return
    unit = structure_of(presented.signed.certificate)
    if presented.vihf.structure != unit:
        yield Observation(at(model.STRUCTURE), presented.vihf.structure, unit)


@RULES.rule("VIHF-17", requires=Keyword.DEVRAIT, source=f"{MAPPING} ; exemples DMP")
def mode_is_spelled(presented: Presented) -> Iterator[Observation]:
    """The attribute is there and is named Authentification_Mode."""
    if presented.vihf.mode_name != model.MODE:
        yield Observation(at(model.MODE), presented.vihf.mode_name, model.MODE)


@RULES.rule("VIHF-18", requirements=("DMP/AIRS.06",), source="DMP/AIRS.06 ; SEL-MP-037")
def subject_is_a_person(presented: Presented) -> Iterator[Observation]:
    """NameID is the user's national identifier; in INDIRECTE one of its structure; in DIRECTE the card's."""
    vihf, signed = presented.vihf, presented.signed
    if not vihf.name_id or (vihf.mode == DIRECT and signed is None):
        return  # whose card it is, a signature that does not hold cannot tell
    if vihf.mode == DIRECT and signed is not None and presented.signer_kind == PERSON:
        holder = holder_of(signed.certificate)
        if vihf.name_id != holder:
            yield Observation(NAME_ID, vihf.name_id, holder)
        return
    if PS_ID.fullmatch(vihf.name_id):
        return
    inside, _, own = vihf.name_id.partition("/")
    if vihf.mode == INDIRECT and own and inside in _inside(vihf.structure):
        return
    yield Observation(NAME_ID, vihf.name_id, "8 + RPPS (11) | 0 + ADELI (9)")


def _inside(structure: str) -> tuple[str, ...]:
    """What precedes `/` in an identifier that this structure gives: Struct_IdNat, or its PS_IdNat form."""
    return structure, _INSIDE.get(structure[:1], "") + structure[1:]


@RULES.rule("VIHF-20", source="PDT-INF-526 v1.8 ; PDT-INF-606 v1.3 (droits fonctionnels)")
def mode_gives_the_right(presented: Presented) -> Iterator[Observation]:
    """The authentication mode gives the right to this transaction."""
    mode, transaction = presented.vihf.mode, presented.transaction
    if mode in MODES and transaction in rights.RIGHTS and not rights.allowed(mode, transaction):
        yield Observation(
            at(model.MODE), f"{transaction} en {mode}", " | ".join(sorted(rights.RIGHTS[transaction]))
        )
