"""Defects between files as data: the operations that `cross_mutations.toml` names.

Bases: `letter`, `prescription`: a mail with its archive and its PDF; `pair`, `prescription-pair`: a CDA and
its PDF in a folder; `unzipped`: an archive unzipped beside its PDF; `flat`: METADATA.XML with its document;
`versions`: a letter and the one that replaces it; `embedded-letter`, `embedded-prescription`: a CDA alone.
`print`: what the PDF shows, embedded and joined alike. `document`: texts replaced in the CDA once written.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from schemas import cda, mail, pdf, xdm, xds
from schemas.beside import judge_beside, judge_embedded
from schemas.finding import Finding
from schemas.ins import Ins, key
from schemas.ins.datamatrix import encode
from schemas.xdm.unzip import unpack
from tests.schemas.mail.conftest import AUTHOR, INS, NOW, PATIENT

FILE = Path(__file__).with_name("cross_mutations.toml")
OTHER = Ins("1990134172021" + key("1990134172021"))
NUMBER = "01S2TBPZ2JCNZZYGHZ"
LINES = ["PARACETAMOL 500 mg : 1 comprimé 3 fois par jour"]
CONTEXT = mail.MailContext(nil="BANC000001", sender_type="PER")
TITLES = {
    "letter": "Lettre de consultation",
    "prescription": "Prescription de médicaments et/ou de dispositifs médicaux",
}


def mutations() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["mutation"]
    return found


def printed(kind: str, spec: Mapping[str, Any]) -> bytes:
    """The print of a document; `spec`: identity, title, datamatrix (own, other), number, words."""
    people = {"own": INS, "other": OTHER, "unsound": Ins("279035121518900")}
    person = people.get(spec.get("datamatrix", ""))
    code = (
        encode(
            person,
            given_names=PATIENT.given_names,
            birth_name=PATIENT.birth_name,
            sex=PATIENT.sex,
            birth_date=PATIENT.birth_date,
        )
        if person
        else None
    )
    number = spec.get("number", NUMBER if kind == "prescription" else "")
    return pdf.write_pdf(
        spec.get("title", TITLES[kind]),
        [spec.get("words", "Bonjour."), *(spec.get("lines", LINES) if kind == "prescription" else [])],
        created=NOW,
        identity=spec.get("identity", [f"{PATIENT.birth_name} {PATIENT.given}", "28/03/1979"]),
        author=spec.get("author", ["Dr CAMILLE DESCHAMPS-TEST"]),
        code2d=number or None,
        code2d_label=spec.get("label"),
        ins_datamatrix=code,
    )


def document(kind: str, page: bytes, edits: list[Mapping[str, str]], **header: Any) -> bytes:
    stated: dict[str, Any] = {"unique_id": "1.2.250.1.999.1.1", "set_id": "1.2.250.1.999.1.9", **header}
    head = cda.Header(created=NOW, patient=PATIENT, author=AUTHOR, **stated)
    if kind == "prescription":
        line = cda.PrescriptionLine("PARACETAMOL 500 mg", "1 comprimé 3 fois par jour", cis="63107752")
        spec = cda.PrescriptionSpec(head, (line,), page, NUMBER, valid_until=NOW + timedelta(days=90))
        data = cda.build_prescription(spec)
    else:
        data = cda.build_document(cda.DocumentSpec(head, "lettre", page))
    for edit in edits:
        assert edit["old"].encode() in data, edit
        data = data.replace(edit["old"].encode(), edit["new"].encode())
    return data


def archive(data: bytes, described: bytes) -> bytes:
    """An archive of these bytes, with the metadata of `described`."""
    entry = xds.entry_from_cda(cda.read(described), described)
    submission = xds.new_submission(
        [entry],
        unique_id="1.2.250.1.999.2.1",
        source_id="1.2.250.1.999.2",
        author=entry.authors[0],
        content_type=xds.Code("07", "1.2.250.1.213.2.2", "Consultations (soins externes)"),
        now=NOW,
    )
    sender = xdm.Sender("Camille DESCHAMPS-TEST", "CABINET DU BANC")
    return xdm.write_archive(submission, {entry.id: data}, sender, now=NOW)


def judged(entry: Mapping[str, Any]) -> list[Finding]:
    """The findings of a base once its defect is made (none made: the base itself)."""
    base = entry["base"]
    if base.startswith("embedded-"):
        return _embedded(base.removeprefix("embedded-"), entry)
    return _mail(base, entry) if base in ("letter", "prescription") else _folder(base, entry)


def _embedded(kind: str, entry: Mapping[str, Any]) -> list[Finding]:
    """A document alone, and the PDF in it."""
    page = printed(kind, entry.get("print", {}))
    for edit in entry.get("embedded", []):
        assert edit["old"].encode() in page
        page = page.replace(edit["old"].encode(), edit["new"].encode(), 1)
    return judge_embedded(cda.read(document(kind, page, entry.get("document", []))))


def _mail(kind: str, entry: Mapping[str, Any]) -> list[Finding]:
    page = printed(kind, entry.get("print", {}))
    sound = document(kind, page, [])
    data = document(kind, page, entry.get("document", []))
    draft = mail.Draft(
        sender=mail.Address("camille@medecin.test.mssante.fr", "Dr_Camille_DESCHAMPS-TEST_Cabinet"),
        to=(mail.Address("app.dpi@hopital.test.mssante.fr"),),
        subject="",
        body="Bonjour,\nVeuillez trouver un document en pièce jointe.",
        message_id="<1.20260302@medecin.test.mssante.fr>",
        date=NOW,
        nil="BANC000001",
    )
    draft = mail.with_documents(draft, archive(data, sound), [cda.read(sound)], [page])
    for step in entry.get("mail", []):
        draft = MAIL[step["op"]](draft, step)
    read = mail.read_mail(mail.compose(draft))
    return mail.judge_mail(read, CONTEXT, codes=entry.get("codes", False))


def _set(draft: mail.Draft, step: Mapping[str, Any]) -> mail.Draft:
    return replace(draft, **{step["field"]: step["value"]})


def _to(draft: mail.Draft, step: Mapping[str, Any]) -> mail.Draft:
    person = {"own": INS, "other": OTHER}[step["patient"]]
    return replace(draft, to=(mail.Address(f"{person.matricule}@patient.mssante.fr"),))


def _file(draft: mail.Draft, step: Mapping[str, Any]) -> mail.Draft:
    """A change to one joined file: the `archive` or the `pdf`."""
    files = list(draft.attachments)
    rank = {"archive": 0, "pdf": 1}[step["file"]]
    one = files[rank]
    if step["op"] == "drop":
        del files[rank]
    elif step["op"] == "twice":
        files.append(one)
    elif step["op"] == "rename":
        files[rank] = replace(one, name=step["to"])
    elif step["op"] == "append":
        files[rank] = replace(one, data=one.data + step["data"].encode())
    elif step["op"] == "cut":
        files[rank] = replace(one, data=one.data[: -step["bytes"]])
    elif step["op"] == "edit":
        old, new = step["old"].encode("latin-1"), step["new"].encode("latin-1")
        assert old in one.data
        files[rank] = replace(one, data=one.data.replace(old, new, 1))
    elif step["op"] == "print":
        files[rank] = replace(one, data=printed(step["kind"], step))
    return replace(draft, attachments=tuple(files))


MAIL = {
    "set": _set,
    "to": _to,
    **dict.fromkeys(("drop", "twice", "rename", "append", "cut", "edit", "print"), _file),
}


def _folder(base: str, entry: Mapping[str, Any]) -> list[Finding]:
    return judge_beside(_changed(base, entry))


def files_of(entry: Mapping[str, Any]) -> list[str]:
    """The names that a finding of a folder may begin with: its files, and those that it lacks."""
    base = entry["base"]
    if base in ("letter", "prescription") or base.startswith("embedded-"):
        return []
    return [*_changed(base, entry), *(path for path in _files(base, entry)), "envoi/"]


def _changed(base: str, entry: Mapping[str, Any]) -> dict[str, bytes]:
    files = _files(base, entry)
    for step in entry.get("files", []):
        name = step["name"]
        if step["op"] == "remove":
            del files[name]
        elif step["op"] == "rename":
            files[step["to"]] = files.pop(name)
        elif step["op"] == "append":
            files[name] += step["data"].encode()
        elif step["op"] == "print":
            files[name] = printed(step["kind"], step)
        elif step["op"] == "edit":
            assert step["old"].encode() in files[name]
            files[name] = files[name].replace(step["old"].encode(), step["new"].encode())
    return files


def _files(base: str, entry: Mapping[str, Any]) -> dict[str, bytes]:
    kind = "prescription" if base.startswith("prescription") else "letter"
    page = printed(kind, entry.get("print", {}))
    data = document(kind, page, entry.get("document", []))
    if base == "versions":
        sound = {"unique_id": "1.2.250.1.999.1.2", "version": 2, "replaces": "1.2.250.1.999.1.1"}
        return {"V1.XML": data, "V2.XML": document(kind, page, [], **{**sound, **entry.get("second", {})})}
    if base in ("pair", "prescription-pair"):
        return {"document.xml": data, "document.pdf": page}
    members = {one.path: one.data for one in unpack(archive(data, document(kind, page, [])))[0]}
    if base == "flat":
        return {path.rpartition("/")[2]: one for path, one in members.items() if "SUBSET" in path}
    return {**{f"envoi/{path}": one for path, one in members.items()}, "envoi/lettre.pdf": page}
