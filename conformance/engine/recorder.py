"""From results and journal to the record of a run, and its files."""

import hashlib
import platform
import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance import catalogue
from reports.record import (
    ExchangeRecord,
    RequirementResult,
    RunRecord,
    ScenarioResult,
    Software,
    Verdict,
)
from schemas.finding import Finding
from simulators.core.clock import iso
from simulators.core.exchange import Exchange
from simulators.core.pki import Pki
from simulators.dmp.settings import changed

from .bench import Bench
from .outcomes import NonConforme, Outcome
from .world import View

if TYPE_CHECKING:
    from .settings import Settings


def result(case: Bench, outcome: Outcome | None, started: str, duration: float) -> ScenarioResult:
    """The result of a played case, with every finding that belongs to it (each once)."""
    exchanges = case.world.journal.exchanges(since=case.start)
    seen = case.observed_findings(case.start)
    raised = list(outcome.findings) if isinstance(outcome, NonConforme) else []
    return ScenarioResult(
        key=case.key,
        scenario=case.scenario.id,
        title_fr=case.scenario.title("fr"),
        title_en=case.scenario.title("en"),
        theme=case.scenario.theme,
        proves=case.scenario.proves,
        verdict=outcome.verdict if outcome else Verdict.CONFORME,
        reason=outcome.reason if outcome else "",
        started=started,
        duration=duration,
        clock_shift=case.clock_shift,
        faults=tuple(asdict(fault) for fault in case.faults),
        patients=tuple(case.patients),
        exchanges=tuple(exchange.number for exchange in exchanges),
        findings=tuple(dict.fromkeys([*raised, *case.findings, *seen])),
        checked=tuple(dict.fromkeys(case.checked)),
    )


def exchange_record(exchange: Exchange, findings: Iterable[Finding]) -> ExchangeRecord:
    """An exchange without its bodies, which go to the evidence store."""
    tls = None
    if exchange.tls is not None:
        tls = {
            "version": exchange.tls.version,
            "cipher": exchange.tls.cipher,
            "client_subject": exchange.tls.client_subject,
            "client_issuer": exchange.tls.client_issuer,
        }
        if exchange.tls.client_certificate is not None:  # the bytes themselves are evidence, by this name
            tls["client_certificate"] = hashlib.sha256(exchange.tls.client_certificate).hexdigest()
    return ExchangeRecord(
        number=exchange.number,
        service=exchange.service,
        transaction=exchange.transaction,
        started=iso(exchange.started),
        duration=exchange.duration,
        scenario=exchange.scenario,
        request_head=exchange.request_head,
        response_head=exchange.response_head,
        dialogue=tuple((line.side, line.text) for line in exchange.dialogue),
        tls=tls,
        facts=dict(exchange.facts),
        fault=exchange.fault,
        evidence=exchange.links(),
        findings=tuple(findings),
        chain=exchange.chain,
    )


def requirement_results(results: Sequence[ScenarioResult]) -> tuple[RequirementResult, ...]:
    """Verdict of each requirement that a scenario proves or a finding names.

    Non conforme when an error-level finding names it. Conforme when some case that proves it is conforme and
    no finding names it. Otherwise what stopped its cases: non testable, pending, or not applicable.
    """
    cases: dict[str, list[ScenarioResult]] = defaultdict(list)
    named: dict[str, list[Finding]] = defaultdict(list)
    for case in results:
        for id_ in case.proves:
            cases[id_].append(case)
        for finding in case.findings:
            for id_ in finding.requirements:
                named[id_].append(finding)
    rows = catalogue.requirements()
    judged = []
    for id_ in sorted(set(cases) | set(named)):
        row = rows.get(id_)
        findings = tuple(dict.fromkeys(named[id_]))
        judged.append(
            RequirementResult(
                id=id_,
                status=row.status if row else "inconnu",
                theme=row.theme if row else "",
                title=row.title_fr if row else id_,
                gist_en=row.gist_en if row else "",
                keyword=row.keyword if row else "",
                verdict=_requirement_verdict(cases[id_], findings),
                scenarios=tuple(dict.fromkeys(case.key for case in cases[id_])),
                findings=findings,
            )
        )
    return tuple(judged)


def _requirement_verdict(cases: Sequence[ScenarioResult], findings: Sequence[Finding]) -> Verdict:
    if any(finding.is_error for finding in findings):
        return Verdict.NON_CONFORME
    verdicts = {case.verdict for case in cases}
    if Verdict.ERREUR_BANC in verdicts:
        return Verdict.ERREUR_BANC
    if Verdict.CONFORME in verdicts:
        return Verdict.CONFORME
    if Verdict.EN_ATTENTE in verdicts:
        return Verdict.EN_ATTENTE
    if verdicts == {Verdict.NON_APPLICABLE}:
        return Verdict.NON_APPLICABLE
    return Verdict.NON_TESTABLE  # its cases were stopped before they could prove it


@dataclass(frozen=True, slots=True)
class Facts:
    """What only the stage knows of a run."""

    run_id: str
    started: str
    ended: str
    pki_fingerprint: str
    software: Software
    bench_errors: tuple[tuple[int, str], ...]
    chain_intact: bool


def record(settings: "Settings", facts: Facts, results: Sequence[ScenarioResult], journal: View) -> RunRecord:
    """Everything that decided the run and everything that it decided."""
    return RunRecord(
        run_id=facts.run_id,
        seed=settings.seed,
        started=facts.started,
        ended=facts.ended,
        bench_version=version("segur-bench"),
        catalogue_version=catalogue.VERSION,
        platform=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        pki_fingerprint=facts.pki_fingerprint,
        settings=_settings(settings),
        software=facts.software,
        scenarios=tuple(results),
        requirements=requirement_results(results),
        exchanges=tuple(exchange_record(item, journal.findings(item)) for item in journal.exchanges()),
        bench_errors=tuple(f"x{number:06d} {message}" for number, message in facts.bench_errors),
        defect=settings.defect,
        extra={"chain_intact": facts.chain_intact, "lang": settings.config.run.lang},
    )


def _settings(settings: "Settings") -> dict[str, Any]:
    config = settings.config
    return {
        "sut": asdict(config.sut),
        "stack": asdict(config.stack),
        "run": asdict(config.run),
        "dmp": changed(config.dmp),
        "only": list(settings.only),
        "themes": list(settings.themes),
        "requirements": list(settings.requirements),
    }


def write(record_: RunRecord, exchanges: Iterable[Exchange], folder: Path, lang: str) -> None:
    """Write `record.json`, `report.html`, `junit.xml` and `evidence/`; point `latest` beside it."""
    from reports import evidence, html, junit
    from reports import record as records

    store = evidence.EvidenceStore(folder / "evidence")
    for exchange in exchanges:
        certificate = exchange.tls.client_certificate if exchange.tls else None
        for body in (exchange.request_body, exchange.response_body, certificate):
            if body:
                store.put(body)
    records.save(record_, folder / "record.json")
    html.write(record_, store, folder / "report.html", lang)
    junit.write(record_, folder / "junit.xml")
    latest = folder.parent / "latest"
    if latest.is_symlink() or not latest.exists():
        latest.unlink(missing_ok=True)
        latest.symlink_to(folder.name, target_is_directory=True)


def keep_trust(pki: Pki, folder: Path) -> None:
    """Keep with the run the authorities and the CRL that its signatures were judged by."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (pki.ca_bundle, pki.crl):
        if path.resolve() != (folder / path.name).resolve():
            shutil.copyfile(path, folder / path.name)
