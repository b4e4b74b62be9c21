"""Patients whose calls go wrong, without any other setting: for somebody who only has a screen.

Most incidents leave the existence test (TD0.2) alone: software that stops there would never reach the rest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .faults import Fault


def _always(kind: str, *transactions: str, **params: object) -> tuple[Fault, ...]:
    return tuple(Fault("dmp", one, kind, times=0, params=params) for one in transactions)


def _pages(kind: str, **params: object) -> tuple[Fault, ...]:
    """The contextual calls to Web PS: a browser shows what its software cannot."""
    return (Fault("dmp-web", "TD0.*", kind, times=0, params=params),)


_DOCUMENTS = ("TD2.*", "TD3.*")
_FEEDS = ("TD2.1", "TD2.2")
INCIDENTS: Mapping[str, tuple[Fault, ...]] = {
    "indisponible": (*_always("unavailable", *_DOCUMENTS), *_pages("unavailable")),
    "total": (*_always("unavailable", "TD*"), *_pages("unavailable")),
    "passager": (
        *(Fault("dmp", one, "unavailable") for one in (*_FEEDS, "TD3.1", "TD3.2", "TD3.3")),
        *(Fault("dmp-web", one, "unavailable") for one in ("TD0.9", "TD0.10")),
    ),
    "erreur-500": (*_always("server-error", *_DOCUMENTS), *_pages("server-error")),
    "passerelle": (*_always("bad-gateway", *_DOCUMENTS), *_pages("bad-gateway")),
    "lent": (*_always("slow", "TD*", seconds=10), *_pages("slow", seconds=10)),
    "goutte-a-goutte": (
        *_always("slow-body", *_DOCUMENTS, seconds=20, pieces=20),
        *_pages("slow-body", seconds=20, pieces=20),
    ),
    "injoignable": (*_always("closed", *_DOCUMENTS), *_pages("closed")),
    "coupure": (
        *_always("cut-after-commit", *_FEEDS, "TD3.3"),
        *_always("cut-in-body", "TD3.1", "TD3.2"),
        *_pages("cut-in-body"),
    ),
    "reponse-perdue": tuple(Fault("dmp", one, "cut-after-commit") for one in _FEEDS),
    "soap": _always("soap-fault", *_DOCUMENTS),
    "registre": _always("registry-error", *_DOCUMENTS, code="XDSRegistryBusy"),
    "existence": _always("hl7-error", "TD0.2", code="XDSRegistryNotAvailable"),
    "habilitations": _always("status-error", "TD0.3", "TD1.6", code="DMPAccessDeniedByRightsService"),
    "multipart": (
        *_always("wrong-multipart", *_FEEDS, how="missing-root"),
        *_always("wrong-multipart", "TD3.2", how="unknown-cid"),
    ),
    "html": _always("wrong-content-type", *_DOCUMENTS),
    "illisible": _always("not-xml", *_DOCUMENTS),
    "vide": _always("empty", *_DOCUMENTS),
    "soap-1.1": _always("wrong-soap-version", *_DOCUMENTS),
    "partiel": _always("partial-success", "TD3.1", "TD3.2"),
    "avertissement": _always("warning", *_FEEDS, "TD3.1", "TD3.2"),
    "doublon": _always("duplicate", *_FEEDS),
    "version": _always("wrong-version", "TD3.3"),
    "vihf": _always("vihf-expired", *_DOCUMENTS),
    "certificat": _always("invalid-certificate", *_DOCUMENTS),
    "droits": _always("rights", *_DOCUMENTS),
    "ferme-ensuite": _always("patient-closed", *_FEEDS, "TD3.1", "TD3.2", "TD3.3"),
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
