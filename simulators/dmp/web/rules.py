"""What a contextual call owes to Web PS, judged on each call of a software. Source: PDT-INF-527."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from schemas.finding import Keyword, Observation, RuleSet
from schemas.vihf.certificates import ORGANISATION

from .address import PAGES, PREFIX, Address, drawn, named

RULES: RuleSet["Called"] = RuleSet("dmp-web")
SOURCE = "PDT-INF-527, accès web contextuel (TD0.9, TD0.10)"
CALL = ("DMP/UX.49",)


@dataclass(frozen=True, slots=True)
class Called:
    """A contextual call. `bearer`: whose certificate came (PERSON, ORGANISATION, empty without any).

    `known`: the bench knows a test patient of this INS. `query`: what follows the `?` of the address.
    """

    address: Address
    bearer: str = ""
    known: bool = True
    query: str = ""


@RULES.rule("WEB-PS-01", requirements=CALL, source=SOURCE)
def page_is_known(called: Called) -> Iterator[Observation]:
    """The address is one of those that Web PS publishes."""
    if not called.address.page:
        yield Observation("chemin", called.address.path, f"{PREFIX} puis {', '.join(PAGES)}")


@RULES.rule("WEB-PS-02", requirements=CALL, source=SOURCE)
def ins_is_well_formed(called: Called) -> Iterator[Observation]:
    """The INS is there where the page wants one: 15 characters with the right key, no OID, nothing else."""
    address = called.address
    as_parameter = next((value for _, value in parse_qsl(called.query) if named(value)), "")
    if as_parameter:
        yield Observation("paramètre", as_parameter, "l'INS en dernier segment du chemin, rien après le ?")
    elif address.fault == "unwanted":
        yield Observation("INS", address.ins, f"rien après {address.page}")
    elif address.fault:
        yield Observation("INS", address.ins, "les 15 caractères du matricule, clé juste")


@RULES.rule("WEB-PS-03", requires=Keyword.DEVRAIT, source="règle du banc : aucune donnée réelle")
def ins_is_of_a_test_patient(called: Called) -> Iterator[Observation]:
    """The INS is one of a test patient, never one that may be somebody's."""
    address = called.address
    if address.ins and not address.fault and not called.known and not drawn(address.ins):
        yield Observation("INS", address.ins, "le matricule d'un patient de test du banc")


@RULES.rule("WEB-PS-04", requirements=CALL, source=SOURCE)
def authentication_is_direct(called: Called) -> Iterator[Observation]:
    """A person comes, with a card or by Pro Santé Connect: an organisation certificate opens nothing."""
    if called.bearer == ORGANISATION:
        yield Observation("certificat client TLS", "certificat d'organisation", "carte CPx, ou aucun (e-CPS)")
