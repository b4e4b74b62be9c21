"""Sections of IHE PCC and their French profiles, as a table: code, templateIds that go together, entries.

Sources: IHE PCC TF-2 §6.3.3 (codes and parents), CI-SIS "modèles de contenus" (French OIDs), cda.md §7.2.
Medication and vaccination sections are in the pharmacy family.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.cda.look import SCHEMATRON
from schemas.cda.template import Template, template
from schemas.cda.templates.clinical.rules import FRENCH_TEMPLATE, RULES, TA_ASIP, ccd, entry, pcc, section
from schemas.cda.terms.codes import LOINC

CODE = RULES.declare("CDA-PCC-SECTION", requirements=SCHEMATRON, source="IHE PCC TF-2 §6.3.3", layer="IHE")
ENTRIES = RULES.declare(
    "CDA-PCC-SECTION-ENTRY", requirements=SCHEMATRON, source="IHE PCC TF-2 §6.3.3", layer="IHE"
)
FRENCH = RULES.declare(
    "CDA-FR-SECTION",
    requirements=SCHEMATRON,
    source="CI-SIS, modèles de contenus des sections",
    layer="IHE",
)


@dataclass(frozen=True, slots=True)
class Section:
    """An IHE section: OID, LOINC code, parents (OIDs), French OIDs, entries of which one must be there.

    `identified`: its id is demanded. Without a code here, any will do.
    """

    oid: str
    code: str
    french: str = ""
    parents: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    identified: bool = False


PROBLEMS = (pcc("4.5.2"),)
PCC_SECTIONS = (
    Section(pcc("3.1"), "42349-1", "127"),
    Section(pcc("3.2"), "42349-1", "128", (pcc("3.1"),)),
    Section(pcc("3.3"), "46241-6", "129", entries=PROBLEMS),
    Section(pcc("3.4"), "10164-2"),
    Section(pcc("3.5"), "8648-8"),
    Section(pcc("3.6"), "11450-4", "132", (ccd(11),), PROBLEMS),
    Section(pcc("3.7"), "11535-2", "133", entries=PROBLEMS),
    Section(pcc("3.8"), "11348-0", "134", entries=PROBLEMS),
    Section(pcc("3.11"), "47519-4", "135", (ccd(12),)),
    Section(pcc("3.12"), "47519-4", "136", (pcc("3.11"), ccd(12)), (pcc("4.19"),), identified=True),
    Section(pcc("3.13"), "48765-2", "137", (ccd(2),), (pcc("4.5.3"),)),
    Section(pcc("3.14"), "10157-6", "138", (ccd(4),)),
    Section(pcc("3.15"), "10157-6", "139", (pcc("3.14"), ccd(4)), (pcc("4.15"),)),
    Section(pcc("3.16"), "29762-2", "", (ccd(15),)),
    Section(pcc("3.16.1"), "29762-2", "141", (pcc("3.16"), ccd(15)), (pcc("4.13.4"),)),
    Section(pcc("3.17"), "47420-5"),
    Section(pcc("3.18"), "10187-3"),
    Section(pcc("3.20"), "42346-7", "144"),
    Section(pcc("3.24"), "29545-1"),
    Section(pcc("3.25"), "8716-3", "", (ccd(16),)),
    Section(pcc("3.26"), "10184-0"),
    Section(pcc("3.27"), "30954-2", "150"),
    Section(pcc("3.28"), "30954-2", "151", (pcc("3.27"),), (pcc("4.19"),)),
    Section(pcc("3.33"), "42344-2"),
    Section(pcc("3.34"), "42348-3", "", (ccd(1),)),
    Section(pcc("3.35"), "42348-3", "157", (pcc("3.34"), ccd(1)), (pcc("4.13.7"),)),
    Section(pcc("3.36"), "18776-5", "158", (ccd(10),)),
    Section(pcc("1.5.3.1"), "10161-8", "74"),
    Section(pcc("1.5.3.2"), "8716-3", "75", (pcc("3.25"), ccd(16)), (pcc("4.13.1"),)),
    Section(pcc("1.5.3.3"), "46240-8", "76", (ccd(3),)),
    Section(pcc("1.5.3.4"), "10162-6", "77", (), (pcc("4.13.5"),)),
    # The CCD parent of the device section is published with a digit missing: both spellings are in use.
    Section(pcc("1.5.3.5"), "46264-8", "1"),
    Section(pcc("1.5.3.6"), "10182-4"),
    Section(pcc("1.5.3.7"), "48768-6", "79", (ccd(9),), (pcc("4.17"),)),
    Section(pcc("1.9.12"), "56836-0", "82"),
    Section(pcc("1.9.15"), "29545-1", "", (pcc("3.24"),)),
    Section(pcc("1.9.15.1"), "29545-1", "84", (pcc("1.9.15"), pcc("3.24"))),
    # Physical examination, by organ. The codes of 1.9.17 to 1.9.28 are not known here for sure.
    Section(pcc("1.9.16"), "10210-3", "85"),
    *(Section(pcc(f"1.9.{number}"), "") for number in range(17, 29)),
    Section(pcc("1.9.29"), "10200-4"),
    Section(pcc("1.9.30"), "11412-4", "99"),
    Section(pcc("1.9.31"), "10191-5"),
    Section(pcc("1.9.32"), "11447-0"),
    Section(pcc("1.9.33"), "10208-7", "102"),
    Section(pcc("1.9.34"), "11410-8"),
    Section(pcc("1.9.35"), "10202-0", "104"),
    Section(pcc("1.9.36"), "11400-9"),
    Section(pcc("1.9.37"), "10205-3"),
    Section(pcc("1.9.38"), "34895-3", "107"),
    Section(pcc("1.9.39"), "34895-3", "", (pcc("1.9.38"),)),
    Section(pcc("1.12.2.5"), "46006-3", "115", (), (pcc("1.12.3.6"),)),
    Section(pcc("1.13.2.1"), "10154-3"),
    Section(pcc("1.13.2.10"), "11302-7", "172", (), (pcc("1.10.4.2"),)),
    Section(pcc("1.13.2.11"), "29554-3", "118"),
    Section(pcc("1.21.2.4"), "57075-4", "124"),
    Section(pcc("1.21.2.9"), "42545-4", "163"),
    Section("1.3.6.1.4.1.19376.1.7.3.1.1.13.4", "xx-MCH-PsychoMDev", "161"),
    Section("1.3.6.1.4.1.19376.1.7.3.1.1.13.5", "47420-5", "162"),
    Section("1.3.6.1.4.1.19376.1.7.3.1.1.13.7", "42545-4", "", (pcc("1.21.2.9"),)),
    Section("1.3.6.1.4.1.19376.1.4.1.2.16", "55112-7", "73", ("2.16.840.1.113883.10.12.201",)),
    Section("2.16.840.1.113883.10.22.3.8", "47420-5", "246"),
)
"""Sections that stand on an IHE template. Codes without a French OID: the French one is not known here."""

# Sections that the ANS created: number, code, system. FR 29 to 32 and 35 have rules of their own.
ANS_SECTIONS = (
    ("2", "11348-0", LOINC),
    ("37", "55107-7", LOINC),
    ("53", "46264-8", LOINC),
    ("66", "GEN-168", TA_ASIP),
    ("244", "30954-2", LOINC),
    ("245", "44944-7", LOINC),
    ("247", "44939-7", LOINC),
    ("250", "GEN-369", TA_ASIP),
)
CREATED = RULES.declare(
    "CDA-FR-SECTION-ANS",
    requirements=SCHEMATRON,
    source="CI-SIS, modèles de contenus créés par l'ANS",
    layer="MODANS",
)
CODED_RESULTS = RULES.declare(
    "CDA-PCC-3.27", requirements=SCHEMATRON, source=f"IHE PCC TF-2 ({pcc('3.27')})", layer="IHE"
)
DEVICE_PARENT = "templateId[@root='2.16.840.1.11383.10.20.1.7' or @root='2.16.840.1.113883.10.20.1.7']"
HAS_FRENCH = "templateId[starts-with(@root, '1.2.250.1.213.')]"


def _templates() -> Iterator[Template]:
    for one in PCC_SECTIONS:
        system = "" if not one.code or one.code.startswith("xx-") else f" ({LOINC})"
        yield template(
            one.oid,
            CODE,
            on="section",
            parents=one.parents,
            code=one.code + system,
            has=(*(("id 1..1",) if one.identified else ()), *(() if one.code else ("code 1..1",))),
        )
        if one.entries:
            wanted = " or ".join(f"@root='{oid}'" for oid in one.entries)
            yield template(
                one.oid,
                ENTRIES,
                holds=[
                    (
                        f"@nullFlavor or .//templateId[{wanted}]",
                        f"entry {' | '.join(one.entries)}",
                        "entry",
                    )
                ],
            )
        if one.french:
            yield template(section(one.french), FRENCH, on="section", parents=(one.oid,))
            yield template(one.oid, FRENCH_TEMPLATE, holds=[(HAS_FRENCH, section(one.french), "templateId")])
    yield template(
        pcc("1.5.3.5"), CODE, holds=[(DEVICE_PARENT, "templateId 2.16.840.1.11383.10.20.1.7", "templateId")]
    )
    yield template(
        pcc("3.27"),
        CODED_RESULTS,
        holds=[
            (
                f"not(entry) or templateId[@root='{pcc('3.28')}']",
                f"templateId {pcc('3.28')} (résultats codés) avec des entrées",
                "templateId",
            )
        ],
    )
    attached = f"entry/organizer[templateId/@root='{entry('18')}'] 1..*"
    yield template(section("37"), CREATED, has=(attached,))
    for number, code, system in ANS_SECTIONS:
        yield template(section(number), CREATED, on="section", code=f"{code} ({system})")


TEMPLATES = tuple(_templates())
