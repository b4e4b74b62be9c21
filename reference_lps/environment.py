"""The environment file: where the services are, which PKI to trust, who the software is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class EnvironmentRefused(ValueError):
    """The environment lacks what the software needs; the message names the field."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Environment:
    """What the software uses of `environment.json`. URLs have no trailing slash."""

    dmp_url: str
    insi_url: str
    epu_url: str
    psc_issuer: str
    psc_client_id: str
    psc_client_secret: str
    annuaire_url: str
    annuaire_api_key: str
    smtp: Endpoint
    imap: Endpoint
    pki: Path
    nil: str
    idam: str
    homologation: str
    dmp_web_url: str = ""  # pages for professionals; empty: not set

    @property
    def ca_bundle(self) -> str:
        return str(self.pki / "ca-bundle.pem")

    def pair(self, name: str) -> tuple[str, str]:
        """Certificate and key files of a pair of the PKI."""
        return str(self.pki / f"{name}.pem"), str(self.pki / f"{name}.key")

    @classmethod
    def read(cls, path: Path) -> "Environment":
        """Raises EnvironmentRefused, OSError."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise EnvironmentRefused(f"{path} : {error}") from None
        return cls.of(data)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Environment":
        """Raises EnvironmentRefused."""
        software = data.get("software") or {}
        try:
            return cls(
                dmp_url=data["dmp_url"].rstrip("/"),
                insi_url=data["insi_url"].rstrip("/"),
                epu_url=data["epu_url"].rstrip("/"),
                psc_issuer=data["psc_issuer"].rstrip("/"),
                psc_client_id=data["psc_client_id"],
                psc_client_secret=data["psc_client_secret"],
                annuaire_url=data["annuaire_url"].rstrip("/"),
                annuaire_api_key=data["annuaire_api_key"],
                smtp=Endpoint(data["smtp"]["host"], int(data["smtp"]["port"])),
                imap=Endpoint(data["imap"]["host"], int(data["imap"]["port"])),
                pki=Path(data["pki"]),
                nil=software.get("nil", "BANC000001"),
                idam=software.get("idam", "SIMU0001"),
                homologation=software.get("homologation", "BANC-DMP-0001"),
                dmp_web_url=data.get("dmp_web_url", "").rstrip("/"),
            )
        except KeyError as error:
            raise EnvironmentRefused(f"champ absent : {error.args[0]}") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise EnvironmentRefused(f"champ illisible : {error}") from None
