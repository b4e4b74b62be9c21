"""Patients whose calls go wrong, without any other setting: for somebody who only has a screen.

Most incidents leave the existence test (TD0.2) alone: software that stops there would never reach the rest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .faults import Fault


def _always(kind: str, *transactions: str, **params: object) -> tuple[Fault, ...]:
    return tuple(Fault("dmp", one, kind, times=0, params=params) for one in transactions)


_DOCUMENTS = ("TD2.*", "TD3.*")
INCIDENTS: Mapping[str, tuple[Fault, ...]] = {
    "indisponible": _always("unavailable", *_DOCUMENTS),
    "total": _always("unavailable", "TD*"),
    "passager": tuple(Fault("dmp", one, "unavailable") for one in ("TD2.1", "TD3.1", "TD3.2", "TD3.3")),
    "erreur-500": _always("server-error", *_DOCUMENTS),
    "passerelle": _always("bad-gateway", *_DOCUMENTS),
    "lent": _always("slow", "TD*", seconds=10),
    "goutte-a-goutte": _always("slow-body", *_DOCUMENTS, seconds=20, pieces=20),
    "injoignable": _always("closed", *_DOCUMENTS),
    "coupure": (
        *_always("cut-after-commit", "TD2.1", "TD3.3"),
        *_always("cut-in-body", "TD3.1", "TD3.2"),
    ),
    "reponse-perdue": (Fault("dmp", "TD2.1", "cut-after-commit"),),
    "soap": _always("soap-fault", *_DOCUMENTS),
    "registre": _always("registry-error", *_DOCUMENTS, code="XDSRegistryBusy"),
    "existence": _always("hl7-error", "TD0.2", code="XDSRegistryNotAvailable"),
    "habilitations": _always("status-error", "TD0.3", "TD1.6", code="DMPAccessDeniedByRightsService"),
    "multipart": (
        *_always("wrong-multipart", "TD2.1", how="missing-root"),
        *_always("wrong-multipart", "TD3.2", how="unknown-cid"),
    ),
    "html": _always("wrong-content-type", *_DOCUMENTS),
    "illisible": _always("not-xml", *_DOCUMENTS),
    "vide": _always("empty", *_DOCUMENTS),
    "soap-1.1": _always("wrong-soap-version", *_DOCUMENTS),
    "partiel": _always("partial-success", "TD3.1", "TD3.2"),
    "avertissement": _always("warning", "TD2.1", "TD3.1", "TD3.2"),
    "doublon": _always("duplicate", "TD2.1"),
    "version": _always("wrong-version", "TD3.3"),
    "vihf": _always("vihf-expired", *_DOCUMENTS),
    "certificat": _always("invalid-certificate", *_DOCUMENTS),
    "droits": _always("rights", *_DOCUMENTS),
    "ferme-ensuite": _always("patient-closed", "TD2.1", "TD3.1", "TD3.2", "TD3.3"),
}


@dataclass(frozen=True, slots=True)
class Carriers(Mapping[str, Sequence[Fault]]):
    """The faults that patients carry, by matricule. `names`: the incident of each, read as it stands."""

    names: Mapping[str, str]

    def __getitem__(self, matricule: str) -> Sequence[Fault]:
        return INCIDENTS[self.names[matricule]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)
