"""What a vendor's software must know to work against the bench: addresses, PKI files, test identities.

Written as `environment.json`, printed by `serve`, passed to the software by the contract.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

# Order of the ports from the stack's port base.
PORTS = (
    "dmp",
    "cnam",
    "psc",
    "annuaire",
    "smtp",
    "imap",
    "smtp_app",
    "imap_app",
    "control",
    "dmp-web",
    "mes",
)


@dataclass(frozen=True, slots=True)
class MailEndpoint:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Environment:
    """All addresses of a running stack. URLs have no trailing slash."""

    dmp_url: str  # …/si-dmp-server/v2/services: append registry, repository, patients
    insi_url: str  # …/lps
    epu_url: str  # …/epu/v1 (simulated contract)
    psc_issuer: str
    psc_client_id: str
    psc_client_secret: str
    annuaire_url: str  # …/fhir/v2
    annuaire_api_key: str
    smtp: MailEndpoint
    imap: MailEndpoint
    smtp_app: MailEndpoint  # application mailboxes: TLS client certificate
    imap_app: MailEndpoint
    control_url: str
    pki: str  # folder: see `simulators.core.pki.Pki`
    ins_oid: str
    software: dict[str, str] = field(default_factory=dict)  # nil, idam, homologation number declared
    dmp_web_url: str = ""  # append /AccesDirect/… (TD0.9, TD0.10)
    mes_url: str = ""  # the bench's stand-in for the patient's own view

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Environment":
        mail = ("smtp", "imap", "smtp_app", "imap_app")
        values: dict[str, Any] = {k: MailEndpoint(**v) if k in mail else v for k, v in data.items()}
        return cls(**values)
