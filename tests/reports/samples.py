"""Records made up for the tests of reports: every verdict, every kind of exchange, hostile content."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from reports.evidence import EvidenceStore
from reports.record import (
    ExchangeRecord,
    RequirementResult,
    RunRecord,
    ScenarioResult,
    Software,
    Verdict,
)
from schemas.finding import Finding, Severity

HOSTILE = (
    "<script>document.title='PWNED'</script>"
    '"><img src=x onerror="document.title=1"> <svg onload=alert(1)>'
    "</pre></style></title><!-- ]]> {{ 7*7 }} "
    "javascript:alert(1) \u202e\u200b\x00\x1b[31m \ud800 &lt;b&gt; 'x' \\"
)
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJmOmFiY2RlZjoxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLXNlY3JldGU"
XOAUTH2 = "dXNlcj1kckBtZWRlY2luAWF1dGg9QmVhcmVyIHRva2VuAQE="
SOFTWARE = Software(
    name="Logiciel Témoin",
    version="4.2.0",
    vendor="Éditeur Exemple",
    nil="BANC000001",
    profiles=("medecin", "pharmacie"),
    actions=("session.login", "document.submit", "mail.send"),
    driver="http",
    clock="bench",
)
SOAP = b"""<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header><Action>urn:ihe:iti:2007</Action></s:Header>
<s:Body><ClinicalDocument xmlns="urn:hl7-org:v3"><title>Lettre &amp; suite</title><recordTarget><patientRole>
<id root="1.2.250.1.213.1.4.10" extension="175069912345678"/></patientRole></recordTarget></ClinicalDocument>
</s:Body></s:Envelope>"""


def finding(rule: str = "XDS-HASH-01", *, severity: Severity = Severity.ERROR, **more: Any) -> Finding:
    values: dict[str, Any] = {
        "where": "/Envelope/Body/ClinicalDocument/recordTarget/patientRole/id/@root",
        "observed": "1.2.250.1.213.1.4.11",
        "expected": "1.2.250.1.213.1.4.10",
        "line": 4,
        "requirements": ("SC.DMP/ALI/PROG.10",),
        "source": "CI-SIS structuration minimale",
    }
    return Finding(rule=rule, severity=severity, **{**values, **more})


def mail(attachment: bytes = b"", subject: str = "Compte rendu") -> bytes:
    """A mail with an XDM-like archive."""
    message = EmailMessage()
    message["From"], message["To"] = "labo@labo.test.mssante.fr", "dr@medecin.test.mssante.fr"
    message["Subject"] = subject
    message["X-MSS-NIL"] = "BANC000001"
    message.set_content("Veuillez trouver le compte rendu.\n")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr(
            "IHE_XDM/SUBSET01/METADATA.XML", "<SubmitObjectsRequest><a b='1'/></SubmitObjectsRequest>"
        )
        zipped.writestr("INDEX.HTM", "<html><script>document.title='PWNED'</script></html>")
    message.add_attachment(
        attachment or archive.getvalue(), maintype="application", subtype="zip", filename="IHE_XDM.ZIP"
    )
    message.set_boundary("frontiere")
    return message.as_bytes()


@dataclass
class Factory:
    """Builds a record exchange by exchange, case by case, storing bodies as the bench does."""

    store: EvidenceStore
    exchanges: list[ExchangeRecord] = field(default_factory=list)
    cases: list[ScenarioResult] = field(default_factory=list)

    def exchange(
        self,
        transaction: str = "TD2.1",
        *,
        service: str = "dmp",
        request: bytes = SOAP,
        response: bytes = b'{"ok": true}',
        request_head: str = "POST /repository HTTP/1.1\nContent-Type: application/soap+xml\nHost: localhost",
        response_head: str = "HTTP/1.1 200 OK\nContent-Type: application/json",
        findings: tuple[Finding, ...] = (),
        facts: Mapping[str, Any] | None = None,
        dialogue: tuple[tuple[str, str], ...] = (),
        fault: str = "",
    ) -> int:
        bodies = {"request": request, "response": response}
        number = len(self.exchanges) + 1
        self.exchanges.append(
            ExchangeRecord(
                number=number,
                service=service,
                transaction=transaction,
                started=f"2026-11-24T10:47:{number % 60:02d}.125Z",
                duration=0.0123,
                scenario="",
                request_head=request_head,
                response_head=response_head,
                dialogue=dialogue,
                tls={
                    "version": "TLSv1.3",
                    "cipher": "TLS_AES_256_GCM_SHA384",
                    "client_subject": "CN=499700100011001,O=CABINET MEDICAL DU BANC",
                    "client_issuer": "CN=AC TEST",
                },
                facts={"outcome": "accepted", **(facts or {})},
                fault=fault,
                evidence={role: self.store.put(body) for role, body in bodies.items() if body},
                findings=findings,
                chain=hashlib.sha256(str(number).encode()).hexdigest(),
            )
        )
        return number

    def case(
        self,
        key: str,
        verdict: Verdict = Verdict.CONFORME,
        *,
        theme: str = "DMP",
        proves: tuple[str, ...] = ("SC.DMP/ALI/PROG.10",),
        exchanges: tuple[int, ...] = (),
        findings: tuple[Finding, ...] = (),
        **more: Any,
    ) -> None:
        values: dict[str, Any] = {
            "title_fr": "Alimentation du DMP avec un document",
            "title_en": "Feed the DMP with a document",
            "reason": "",
            "started": "2026-11-24T10:47:03.125Z",
            "duration": 0.4,
            "clock_shift": 0.0,
            "faults": (),
            "patients": ("175069912345678",),
        }
        self.cases.append(
            ScenarioResult(
                key=key,
                scenario=key.partition("[")[0],
                theme=theme,
                proves=proves,
                verdict=verdict,
                exchanges=exchanges,
                findings=findings,
                **{**values, **more},
            )
        )

    def record(self, **more: Any) -> RunRecord:
        ids = dict.fromkeys(
            [id_ for case in self.cases for id_ in case.proves]
            + [id_ for case in self.cases for found in case.findings for id_ in found.requirements]
        )
        values: dict[str, Any] = {
            "run_id": "20261124-104703",
            "seed": 7,
            "started": "2026-11-24T10:47:03.125Z",
            "ended": "2026-11-24T10:47:48.625Z",
            "bench_version": "0.1.0",
            "catalogue_version": "2026.11",
            "platform": "Linux x86_64, Python 3.11",
            "pki_fingerprint": "AB:CD:EF:01",
            "settings": {"run": {"lang": "fr"}},
            "software": SOFTWARE,
            "extra": {"chain_intact": True, "lang": "fr"},
        }
        return RunRecord(
            scenarios=tuple(self.cases),
            requirements=tuple(self._requirement(id_) for id_ in ids),
            exchanges=tuple(self.exchanges),
            **{**values, **more},
        )

    def _requirement(self, id_: str) -> RequirementResult:
        cases = [case for case in self.cases if id_ in case.proves]
        named = tuple(f for case in self.cases for f in case.findings if id_ in f.requirements)
        theme = next((case.theme for case in cases), "DMP")
        verdicts = [case.verdict for case in cases]
        if any(found.is_error for found in named):
            verdict = Verdict.NON_CONFORME
        elif Verdict.CONFORME in verdicts:
            verdict = Verdict.CONFORME
        else:
            verdict = verdicts[0] if verdicts else Verdict.NON_TESTABLE
        return RequirementResult(
            id=id_,
            status="bench" if id_.startswith("BEN-") else "real-draft" if "." not in id_ else "real-final",
            theme=theme,
            title="Alimenter le DMP à chaque production de document",
            gist_en="Feed the DMP each time a document is produced",
            keyword="DOIT",
            verdict=verdict,
            scenarios=tuple(case.key for case in cases),
            findings=named,
        )


def full(folder: Path, hostile: str = "", **more: Any) -> tuple[RunRecord, EvidenceStore]:
    """A record with all verdicts and all kinds of exchanges. `hostile` goes wherever vendor text goes."""
    store = EvidenceStore(folder / "evidence")
    make = Factory(store)
    wrong = finding(
        observed=hostile or "1.2.250.1.213.1.4.11",
        where="/ClinicalDocument/recordTarget/patientRole/id/@root",
    )
    soft = finding(
        "MSS-SUBJECT-01",
        severity=Severity.WARNING,
        where="Subject",
        requirements=(),
        line=None,
        observed=hostile or "CR",
    )
    feed = make.exchange(
        findings=(wrong,),
        request=SOAP.replace(b"Lettre", _xml(hostile) or b"Lettre"),
        request_head=f"POST /repository?token={TOKEN}&t={hostile[:40].strip()} HTTP/1.1\n"
        f"Authorization: Bearer {TOKEN}\nContent-Type: application/soap+xml",
        facts={
            "patient": "175069912345678",
            "documents": [{"title": hostile or "Lettre"}],
            hostile[:12] or "mode": hostile,
        },
    )
    call = make.exchange(
        "SUT.document.submit",
        service="sut",
        request_head="POST /actions/document.submit HTTP/1.1\nContent-Type: application/json",
        request=json.dumps({"input": {"title": hostile or "Lettre", hostile or "x": 1}}).encode(),
        response=json.dumps(
            {
                "outcome": "done",
                "messages": [{"level": "info", "text": hostile or "ok"}],
                "data": {"access_token": TOKEN},
            }
        ).encode(),
    )
    make.case(
        "DMP-ALIM-01[lettre]",
        Verdict.NON_CONFORME,
        exchanges=(call, feed),
        findings=(wrong, soft),
        faults=(
            {"service": "dmp", "transaction": "TD2.1", "kind": "slow", "skip": 0, "times": 1, "params": {}},
        ),
        clock_shift=-900.0,
    )
    good = make.exchange()
    make.case("DMP-ALIM-01[vsm]", exchanges=(good,), checked=("SCN-DMP-ALIMENTE",))
    made = make.exchange(
        "EPU.create",
        service="cnam",
        facts={"epu_id": "EPU123", "status": "ACTIVE"},
        request=b"grant_type=authorization_code&code=abcdefghijklmnop&client_secret=tres+secret+ici&x=1",
        request_head="POST /token HTTP/1.1\nContent-Type: application/x-www-form-urlencoded",
    )
    make.case(
        "EP-PRESC-01",
        theme="EP",
        proves=("BEN-EP-01",),
        exchanges=(made,),
        title_fr="Création d'une ordonnance",
        title_en="Create a prescription",
    )
    sent = make.exchange(
        "SMTP.message",
        service="mssante",
        request=mail(subject=hostile[:60] or "Compte rendu"),
        response=b"",
        request_head="",
        response_head="",
        dialogue=(
            ("S", "220 mss.test.mssante.fr ESMTP"),
            ("C", "STARTTLS"),
            ("S", "220 Ready"),
            ("*", "TLSv1.3 TLS_AES_256_GCM_SHA384"),
            ("C", f"AUTH XOAUTH2 {XOAUTH2}"),
            ("S", "235 OK"),
            ("C", f"MAIL FROM:<dr@medecin.test.mssante.fr> {hostile}"),
            ("S", "250 OK"),
        ),
        findings=(soft,),
    )
    make.case(
        "MSS-ENV-01",
        theme="MSS",
        proves=("SC.MSS/CONF.14",),
        exchanges=(sent,),
        findings=(soft,),
        title_fr="Envoi d'un document",
        title_en="Send a document",
    )
    make.case(
        "INS-01",
        Verdict.NON_TESTABLE,
        theme="INS",
        proves=("INS/1",),
        reason=f"Le logiciel n'a rien envoyé. {hostile}",
    )
    make.case(
        "INS-02",
        Verdict.NON_APPLICABLE,
        theme="INS",
        proves=("BEN-INS-02",),
        reason="Le logiciel ne déclare pas le profil « pharmacie ».",
    )
    make.case(
        "PSC-01",
        Verdict.EN_ATTENTE,
        theme="PSC",
        proves=("BEN-PSC-01",),
        reason="Un opérateur doit confirmer.",
    )
    make.case("ANN-01", Verdict.ERREUR_BANC, theme="ANNUAIRE", proves=("BEN-ANN-01",), reason="KeyError: 'x'")
    make.exchange(
        "PSC.jwks",
        service="psc",
        request=b"",
        request_head="GET /jwks HTTP/1.1",
        response=b"\xff\xfe\x00binaire",
        fault="cut-after-commit",
    )
    software = (
        SOFTWARE
        if not hostile
        else Software(hostile, hostile, hostile, hostile, (hostile,), (hostile,), "http")
    )
    return make.record(software=software, **more), store


def _xml(text: str) -> bytes:
    kept = "".join(char for char in text if char >= " " and not 0xD800 <= ord(char) <= 0xDFFF)
    return kept.replace("&", "&amp;").replace("<", "&lt;").encode()
