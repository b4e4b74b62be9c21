"""What: attributes, patient, sector, purpose, secrecy, software."""

from collections.abc import Iterator

from schemas import valuesets
from schemas.finding import Keyword, Observation
from schemas.ins import INS_OIDS, well_formed

from . import model, rights
from .presented import GUIDE, HEADER, MAPPING, RULES, Presented, at

_TEXTS = (model.VERSION, model.STRUCTURE, model.SECTOR, model.RESOURCE_URN)
_CODED = (model.ROLE, model.PURPOSE)


@RULES.rule("VIHF-04", source=f"{GUIDE} ; {MAPPING}")
def attributes_are_present(presented: Presented) -> Iterator[Observation]:
    """Mandatory attributes are there and filled, each once, with one value save the roles."""
    vihf = presented.vihf
    for name in _TEXTS:
        if not vihf.first(name):
            yield Observation(at(name), "", "1")
    if presented.transaction not in rights.WITHOUT_PATIENT and not vihf.first(model.RESOURCE_ID):
        yield Observation(at(model.RESOURCE_ID), "", "1")
    for name in _CODED:
        if name not in vihf.attributes:
            yield Observation(at(name), "", "1")
    for name in vihf.repeated:
        yield Observation(at(name), "2", "1")
    for name, values in vihf.attributes.items():
        if len(values) > 1 and name != model.ROLE:
            yield Observation(f"{at(name)}/AttributeValue", len(values), "1")
    version = vihf.first(model.VERSION)
    if version and version not in presented.policy.versions:
        yield Observation(at(model.VERSION), version, " | ".join(presented.policy.versions))
    if not vihf.name_id:
        yield Observation(f"{HEADER}/Subject/NameID", "", "PS_IdNat")


@RULES.rule("VIHF-05", source=GUIDE)
def resource_is_the_dmp(presented: Presented) -> Iterator[Observation]:
    """Ressource_URN is urn:dmp."""
    urn = presented.vihf.first(model.RESOURCE_URN)
    if urn and urn != "urn:dmp":
        yield Observation(at(model.RESOURCE_URN), urn, "urn:dmp")


@RULES.rule("VIHF-06", source=f"{GUIDE} ; CI-SIS (INS)")
def resource_is_an_ins(presented: Presented) -> Iterator[Observation]:
    """resource-id is a well-formed INS."""
    written = presented.vihf.first(model.RESOURCE_ID)
    if not written:
        return
    ins = presented.vihf.patient
    if ins is None or ins.oid not in INS_OIDS or not well_formed(ins.matricule) or "^NH^" in written:
        yield Observation(at(model.RESOURCE_ID), written, "<15 caractères>^^^&1.2.250.1.213.1.4.10&ISO^NH")


@RULES.rule("VIHF-07", source=GUIDE)
def resource_is_the_patient_of_the_message(presented: Presented) -> Iterator[Observation]:
    """The patient of the VIHF is the one of the message."""
    ins = presented.vihf.patient
    if presented.body_patient and ins is not None and ins.matricule != presented.body_patient:
        yield Observation(at(model.RESOURCE_ID), ins.matricule, presented.body_patient)


@RULES.rule("VIHF-08", source=f"{MAPPING} ; JDV J61 (jugé par J02, qui le contient)")
def sector_is_known(presented: Presented) -> Iterator[Observation]:
    """Secteur_Activite is `code^1.2.250.1.71.4.2.4` with a code of J61."""
    sector = presented.vihf.first(model.SECTOR)
    if not sector:
        return
    code, _, system = sector.partition("^")
    if not system or not valuesets.value_set("J02").contains(code, system):
        yield Observation(at(model.SECTOR), sector, f"SA07^{model.SECTORS}")


@RULES.rule("VIHF-11", source=f"{GUIDE} ; TRE_R248")
def purpose_is_known(presented: Presented) -> Iterator[Observation]:
    """PurposeOfUse is in its list; breaking the glass gives a reason."""
    vihf = presented.vihf
    if model.PURPOSE not in vihf.attributes:
        return
    code = vihf.purpose.code if vihf.purpose is not None else ""
    system = vihf.purpose.system if vihf.purpose is not None else ""
    if code not in model.PURPOSE_NAMES or system != model.PURPOSES:
        yield Observation(at(model.PURPOSE), f"{code}^{system}", " | ".join(model.PURPOSE_NAMES))
    if code == "bris_de_glace" and not vihf.first(model.REASON):
        yield Observation(at(model.REASON), "", "motif")


@RULES.rule("VIHF-12", requirements=("EX_0.1-1100",), source="SEL-MP-037, EX_0.1-1100")
def secrecy_is_for_minors(presented: Presented) -> Iterator[Observation]:
    """The secret connection is asked with its exact value, and only for a minor."""
    value = presented.vihf.first(model.CONFIDENTIALITY)
    if not value:
        return
    if value != model.SECRET:
        yield Observation(at(model.CONFIDENTIALITY), value, model.SECRET)
    if presented.age is not None and presented.age >= presented.policy.majority:
        yield Observation(
            at(model.CONFIDENTIALITY), f"{presented.age} ans", f"< {presented.policy.majority} ans"
        )


@RULES.rule("VIHF-13", source="SEL-MP-037 (LPS_Nom, LPS_Version, LPS_ID_HOMOLOGATION_DMP)")
def software_names_itself(presented: Presented) -> Iterator[Observation]:
    """Name, version and homologation number of the software are given, the number being the declared one."""
    vihf = presented.vihf
    for name in (model.LPS_NAME, model.LPS_VERSION, model.HOMOLOGATION):
        if not vihf.first(name):
            yield Observation(at(name), "", "1")
    number = vihf.first(model.HOMOLOGATION)
    if number and presented.homologation and number != presented.homologation:
        yield Observation(at(model.HOMOLOGATION), number, presented.homologation)


@RULES.rule("VIHF-21", requires=Keyword.DEVRAIT, source="VIHF 1.x (obsolète)")
def attributes_are_not_obsolete(presented: Presented) -> Iterator[Observation]:
    """Attributes of VIHF 1.x are no longer used."""
    for name in presented.vihf.attributes:
        if name in model.OBSOLETE:
            yield Observation(at(name), name, "")
