"""The French profile that goes with each international template of medicines, both declared.

The official patterns named `…_fr` run on the international templateId and look for the French one (seen for
1.3.6.1.4.1.19376.1.9.1.2.1). Sources: CI-SIS "modèles de contenus", eprescription.md A4.3.
"""

from schemas.cda.template import Template, template
from schemas.cda.templates.pharmacy.common import CCD, FR, FR_SECTION, PCC, PCC_SECTION, PHA, ROW, RULES

PROFILE = RULES.declare(
    "CDA-FR-MED", layer="MODCDA", requirements=ROW, source="CI-SIS, modèles de contenus CDA (templateId)"
)

PROFILES: dict[str, tuple[str, ...]] = {
    f"{PCC}7": (f"{FR}42", f"{FR}83", f"{FR}205"),
    f"{PCC}7.2": (f"{FR}43",),
    f"{PCC}12": (f"{FR}45",),
    f"{CCD}34": (f"{FR}20", f"{FR}44", f"{FR}204"),
    f"{CCD}46": (f"{FR}82",),
    f"{PCC}3": (f"{FR}33",),
    f"{PCC}3.1": (f"{FR}34", f"{FR}207"),
    f"{PHA}3.2": (f"{FR}83",),
    f"{PHA}3.4": (f"{FR}204",),
    f"{PHA}3.8": (f"{FR}86",),
    f"{PHA}3.9.1": (f"{FR}87",),
    f"{PHA}3.9.2": (f"{FR}206",),
    f"{PHA}3.11": (f"{FR}90",),
    f"{PHA}3.15": (f"{FR}88",),
    f"{PCC_SECTION}19": (f"{FR_SECTION}143",),
    f"{PCC_SECTION}21": (f"{FR_SECTION}145",),
    f"{PCC_SECTION}22": (f"{FR_SECTION}146",),
    f"{PCC_SECTION}23": (f"{FR_SECTION}147",),
}
"""International templateId → French ones, one of which goes with it."""


def _profiled(oid: str, profiles: tuple[str, ...]) -> Template:
    test = " or ".join(f"@root='{profile}'" for profile in profiles)
    wanted = f"templateId {' ou '.join(profiles)}"
    return template(oid, PROFILE, holds=((f"templateId[{test}]", wanted, "templateId"),))


TEMPLATES: tuple[Template, ...] = tuple(_profiled(oid, profiles) for oid, profiles in PROFILES.items())
