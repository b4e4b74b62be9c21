"""Rules over a prescription sent to the base, under the bench's contract.

What comes from public sources keeps their keyword; what is only ours says so in its source.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.finding import Finding, Keyword, Observation, RuleSet
from schemas.ins import PRODUCTION_OIDS, TEST_OIDS, well_formed

from . import contract
from .identifiers import EPU_ID, plausible

BENCH = "contrat simulé bench/epu v1"
VOLET = "CI-SIS volet e-Prescription (eP-MED-DM 2024.01)"

TYPES = frozenset({"MED-1094", "MED-1095", "MED-1096", "MED-1097", "MED-1098", "MED-1132", "MED-1159"})
BIZONE, SECURED = "MED-1096", "MED-1098"
_CODES = {
    "cis": re.compile(r"\d{8}"),
    "cip13": re.compile(r"34009\d{8}"),
    "mv": re.compile(r"MV\d{8}"),
    "emdn": re.compile(r"[A-Z]\d{2,12}"),
    "lpp": re.compile(r"\d{7}"),
}
_IN_LETTERS = re.compile(
    r"\b(?:un|une|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|quinze|vingt|trente|quarante"
    r"|cinquante|soixante|cent|mille|demi|demie)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Created:
    """A prescription that has the contract's shape, and what is known around it.

    `user`: PS_IdNat of the authenticated person, None when unknown. `public_matricules`: matricules allowed
    under a production OID (the public INSi personas).
    """

    message: Mapping[str, Any]
    user: str | None = None
    public_matricules: frozenset[str] = frozenset()
    id_pattern: str = EPU_ID

    @property
    def lines(self) -> list[Mapping[str, Any]]:
        return list(self.message["lines"])


RULES: RuleSet[Created] = RuleSet("prescription.create")
SHAPE = RULES.declare("EPU-JSON-01", requirements=("BEN-EP-01",), source=f"{BENCH}, create.json")


def judge(message: Mapping[str, Any], **around: Any) -> list[Finding]:
    """Every finding about a creation; only those of its shape when it has not the contract's shape."""
    if broken := [
        SHAPE.finding(seen.where, seen.observed, seen.expected) for seen in contract.shape("create", message)
    ]:
        return broken
    return RULES.judge(Created(message, **around))


def practitioner(value: str) -> str:
    """A professional's identifier as PS_IdNat: `8` and the 11 digits of the RPPS."""
    return f"8{value}" if len(value) == 11 else value


@RULES.rule(
    "EPU-ID-01",
    requires=Keyword.DEVRAIT,
    requirements=("BEN-EP-01",),
    source="exemple public ; règle non publique",
)
def identifier_is_plausible(created: Created) -> Iterator[Observation]:
    """The identifier has the shape of the public example."""
    if not plausible(created.message["epuId"], created.id_pattern):
        yield Observation("$.epuId", created.message["epuId"], created.id_pattern)


@RULES.rule("EPU-LIGNE-01", requirements=("BEN-EP-01",), source=BENCH)
def there_is_a_line(created: Created) -> Iterator[Observation]:
    """A prescription has at least one line."""
    if not created.lines:
        yield Observation("$.lines", "[]", "≥ 1")


@RULES.rule("EPU-LIGNE-02", requirements=("BEN-EP-01",), source=BENCH)
def line_ids_are_unique(created: Created) -> Iterator[Observation]:
    """Each line has its own identifier."""
    ids = [line["lineId"] for line in created.lines]
    for rank, line_id in enumerate(ids):
        if line_id in ids[:rank]:
            yield Observation(f"$.lines[{rank}].lineId", line_id, "≠")


@RULES.rule("EPU-POSO-01", requirements=("BEN-EP-22",), source=f"{VOLET} : posologie textuelle obligatoire")
def posology_is_written(created: Created) -> Iterator[Observation]:
    """A medicine has its posology in text."""
    for rank, line in enumerate(created.lines):
        if line["category"] == "MED" and not line.get("posologyText", "").strip():
            yield Observation(f"$.lines[{rank}].posologyText", "", "posologyText")


@RULES.rule("EPU-VALID-01", requirements=("BEN-EP-01",), source=BENCH)
def validity_is_ordered(created: Created) -> Iterator[Observation]:
    """Validity starts before it ends."""
    validity = created.message["validity"]
    if validity["end"] is not None and validity["end"] < validity["start"]:
        yield Observation("$.validity.end", validity["end"], f"≥ {validity['start']}")


@RULES.rule("EPU-VALID-02", requires=Keyword.DEVRAIT, requirements=("BEN-EP-01",), source=BENCH)
def validity_starts_when_written(created: Created) -> Iterator[Observation]:
    """Validity does not start before the prescription was written."""
    start, day = created.message["validity"]["start"], created.message["writtenAt"][:10]
    if start < day:
        yield Observation("$.validity.start", start, f"≥ {day}")


@RULES.rule("EPU-TYPE-01", requirements=("BEN-EP-05",), source=f"{VOLET} : types d'ordonnance")
def types_are_known(created: Created) -> Iterator[Observation]:
    """Prescription types are among the seven of the volet."""
    for rank, code in enumerate(created.message["types"]):
        if code not in TYPES:
            yield Observation(f"$.types[{rank}]", code, " | ".join(sorted(TYPES)))


@RULES.rule("EPU-PROD-01", requirements=("BEN-EP-01",), source=f"{VOLET} ; formes CIS, CIP13, MV, EMDN, LPP")
def product_codes_are_well_formed(created: Created) -> Iterator[Observation]:
    """Product codes have the form of their code system; a line may have none (free text)."""
    for rank, line in enumerate(created.lines):
        for name, pattern in _CODES.items():
            value = line["product"].get(name)
            if value is not None and not pattern.fullmatch(value):
                yield Observation(f"$.lines[{rank}].product.{name}", value, pattern.pattern)


@RULES.rule("EPU-PRESC-01", requirements=("BEN-EP-21",), source=f"{VOLET} : auteur, RPPS")
def prescriber_has_an_rpps(created: Created) -> Iterator[Observation]:
    """The prescriber is known by an RPPS (11 digits) or PS_IdNat (12 digits that begin with 8)."""
    rpps = created.message["prescriber"]["rpps"]
    if not re.fullmatch(r"\d{11}|8\d{11}", rpps):
        yield Observation("$.prescriber.rpps", rpps, r"\d{11} | 8\d{11}")


@RULES.rule("EPU-PRESC-02", requirements=("BEN-EP-21",), source=f"{BENCH} ; CSP L4071-1")
def prescriber_is_the_user(created: Created) -> Iterator[Observation]:
    """The prescriber is the person whose token the request carries."""
    rpps = created.message["prescriber"]["rpps"]
    if created.user is not None and re.fullmatch(r"\d{11,12}", rpps) and practitioner(rpps) != created.user:
        yield Observation("$.prescriber.rpps", rpps, created.user)


@RULES.rule("EPU-INS-01", requirements=("BEN-INS-06",), source="RNIV ; OID INS")
def ins_is_of_this_environment(created: Created) -> Iterator[Observation]:
    """The INS is a test one, or a public test identity of INSi."""
    ins = created.message["patient"].get("ins")
    if ins is None or ins["oid"] in TEST_OIDS:
        return
    if ins["oid"] in PRODUCTION_OIDS and ins["value"] in created.public_matricules:
        return
    yield Observation("$.patient.ins.oid", ins["oid"], " | ".join(sorted(TEST_OIDS)))


@RULES.rule("EPU-INS-02", requirements=("BEN-INS-07",), source="RNIV ; clé du matricule, 2A et 2B comprises")
def matricule_is_well_formed(created: Created) -> Iterator[Observation]:
    """The matricule has 15 characters and its key."""
    ins = created.message["patient"].get("ins")
    if ins is None or ins["value"] in created.public_matricules:
        return  # the keys of two public personas are wrong, on the national platform too
    if not well_formed(ins["value"]):
        yield Observation("$.patient.ins.value", ins["value"], r"\d{5}(\d{2}|2A|2B)\d{6}+clé")


@RULES.rule("EPU-SUBST-01", requirements=("BEN-EP-17",), source=f"{VOLET} : motif de non-substitution")
def refusal_of_substitution_has_a_reason(created: Created) -> Iterator[Observation]:
    """A line that forbids substitution says why (MTE, EFG, CIF or in clear)."""
    for rank, line in enumerate(created.lines):
        substitution = line.get("substitution")
        if substitution and not substitution["allowed"] and not (substitution.get("reason") or "").strip():
            yield Observation(f"$.lines[{rank}].substitution.reason", "", "MTE | EFG | CIF | texte")


@RULES.rule(
    "EPU-SUBST-02",
    requirements=("BEN-EP-17",),
    source=f"{VOLET} : autorisation de substitution, une par ligne",
)
def medicines_say_whether_substitutable(created: Created) -> Iterator[Observation]:
    """Each medicine says whether it may be substituted."""
    for rank, line in enumerate(created.lines):
        if line["category"] == "MED" and "substitution" not in line:
            yield Observation(f"$.lines[{rank}].substitution", "", "substitution")


@RULES.rule(
    "EPU-ALD-01", requirements=("BEN-EP-23",), source=f"{VOLET} : ALD, AT-MP, non remboursable, hors AMM"
)
def lines_carry_their_marks(created: Created) -> Iterator[Observation]:
    """ALD, AT-MP and not reimbursable on each line; off-label on medicines; prevention on devices."""
    for rank, line in enumerate(created.lines):
        own = "offLabel" if line["category"] == "MED" else "prevention"
        for mark in ("ald", "atmp", "notReimbursable", own):
            if mark not in line:
                yield Observation(f"$.lines[{rank}].{mark}", "", "true | false")


@RULES.rule(
    "EPU-ALD-02", requires=Keyword.DEVRAIT, requirements=("BEN-EP-23",), source=f"{VOLET} : prévention"
)
def medicines_say_prevention(created: Created) -> Iterator[Observation]:
    """A medicine says whether it is for prevention (the volet lists it; its control is not in force)."""
    for rank, line in enumerate(created.lines):
        if line["category"] == "MED" and "prevention" not in line:
            yield Observation(f"$.lines[{rank}].prevention", "", "true | false")


@RULES.rule("EPU-ALD-03", requires=Keyword.DEVRAIT, requirements=("BEN-EP-23",), source="ordonnance bizone")
def bizone_has_an_ald_line(created: Created) -> Iterator[Observation]:
    """A two-zone prescription has at least one ALD line."""
    if BIZONE in created.message["types"] and not any(line.get("ald") for line in created.lines):
        yield Observation("$.types", BIZONE, "$.lines[*].ald = true")


@RULES.rule("EPU-SECU-01", requirements=("BEN-EP-24",), source="CSP R5132-5, R5132-29")
def secured_quantities_are_in_letters(created: Created) -> Iterator[Observation]:
    """A secured prescription spells doses and quantities in letters (looks for number words)."""
    if SECURED not in created.message["types"]:
        return
    for rank, line in enumerate(created.lines):
        if line["category"] != "MED":
            continue
        texts = {
            "posologyText": line.get("posologyText", ""),
            "quantity.letters": line["quantity"].get("letters", ""),
        }
        for name, text in texts.items():
            if not _IN_LETTERS.search(text):
                yield Observation(f"$.lines[{rank}].{name}", text, "en toutes lettres")


@RULES.rule("EPU-SECU-02", requirements=("BEN-EP-24",), source=f"{VOLET} : participant PRF")
def opioid_substitution_names_its_pharmacy(created: Created) -> Iterator[Observation]:
    """An opioid substitution treatment names the pharmacy."""
    if any(line.get("opioidSubstitution") for line in created.lines) and not created.message.get(
        "namedDispenser"
    ):
        yield Observation("$.namedDispenser", "", "namedDispenser")


@RULES.rule("EPU-PRESC-03", requirements=("BEN-EP-21",), source=f"{VOLET} : participant REF, 353")
def locum_names_whom_he_replaces(created: Created) -> Iterator[Observation]:
    """A locum names the prescriber that he replaces."""
    prescriber = created.message["prescriber"]
    if prescriber.get("locum") and not prescriber.get("replaced"):
        yield Observation("$.prescriber.replaced", "", "replaced")


@RULES.rule("EPU-PAT-01", requirements=("BEN-EP-01",), source=f"{VOLET} : section grossesse")
def pregnancy_is_described(created: Created) -> Iterator[Observation]:
    """A pregnant patient has the pregnancy described."""
    patient = created.message["patient"]
    if patient.get("pregnant") and not patient.get("pregnancy"):
        yield Observation("$.patient.pregnancy", "", "pregnancy")
