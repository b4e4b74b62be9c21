"""Every rule on mails: the conformant mail passes, a seeded defect fails that rule and no other error."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas import cda, ins, mail
from schemas.finding import Keyword
from schemas.mail.document_rules import COPIES, DOCUMENTS
from schemas.mail.judge import judge_copies
from schemas.mail.message_rules import MESSAGE, Seen
from schemas.messages import catalogue

MATRICULE = "2790351215189" + ins.key("2790351215189")
OTHER = "1990134172021" + ins.key("1990134172021")
SELF = mail.Address(f"{MATRICULE}@patient.mssante.fr")
CONTEXT = mail.MailContext(nil="BANC000001", sender_type="PER", qualified=frozenset({MATRICULE, OTHER}))

Edit = Callable[[mail.Draft], mail.Draft]


def set_(**changes: object) -> Edit:
    return lambda draft: replace(draft, **changes)


def files(change: Callable[[tuple[mail.Attachment, ...]], tuple[mail.Attachment, ...]]) -> Edit:
    return lambda draft: replace(draft, attachments=change(draft.attachments))


def raw(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new, 1)


def same(draft: mail.Draft) -> mail.Draft:
    return draft


def twice(draft: mail.Draft) -> mail.Draft:
    return replace(draft, more_headers=(("X-MSS-NIL", draft.nil),))


def rules(data: bytes, context: mail.MailContext = CONTEXT, deep: bool = False) -> set[str]:
    return {f.rule for f in mail.judge_mail(mail.read_mail(data), context, deep=deep)}


def test_reference(sound) -> None:
    read = mail.read_mail(mail.compose(sound.draft))
    assert mail.judge_mail(read, CONTEXT, deep=False) == []
    assert judge_copies(Seen(read, CONTEXT)) == []


def test_reference_to_a_patient(sound) -> None:
    draft = replace(sound.draft, to=(SELF,), no_reply=True, delivery_receipt=True, read_receipt=True)
    context = replace(CONTEXT, no_reply=True, delivery_receipt=True, read_receipt=True)
    assert rules(mail.compose(draft), context) == set()


@pytest.mark.parametrize(
    ("rule", "edit"),
    [
        ("MSS-M01", set_(message_id="sans-chevrons")),
        ("MSS-M01", set_(message_id="")),
        ("MSS-M06", set_(sender=mail.Address("camille@medecin.test.mssante.fr"))),
        ("MSS-M06", set_(sender=mail.Address("a@b.fr", "a@b.fr"))),
        ("MSS-M06", set_(sender=mail.Address("a@b.fr", "Camille"))),
        ("MSS-M06B", set_(sender=mail.Address("a@b.fr", "Dr Camille DESCHAMPS"))),
        ("MSS-M07", set_(subject="Lettre de consultation PAT-TROIS DOMINIQUE 28/03/1979")),
        ("MSS-M07", set_(subject="XDM/1.0/DDM+PAT-TROIS DOMINIQUE 28/03/1979")),
        ("MSS-M07", set_(subject="XDM/1.0/DDM+Lettre PAT-QUATRE DOMINIQUE 28/03/1979")),
        ("MSS-M07", set_(subject="XDM/1.0/DDM+Lettre PAT-TROIS DOMINIQUE 1979-03-28")),
        ("MSS-M08", set_(codes="")),
        ("MSS-M08", set_(codes="11490-0")),
        ("MSS-M08", set_(codes="11488-4,11490-0")),
        ("MSS-M08B", twice),
        ("MSS-M09", set_(ins="N")),
        ("MSS-M09", set_(ins="")),
        ("MSS-M09", set_(ins="o")),
        ("MSS-M10", set_(nil="")),
        ("MSS-M10", set_(nil="AUTRE00001")),
        ("MSS-M11", set_(more_headers=(("X-MSS-MES", "fin"),))),
        ("MSS-M12", set_(to=(mail.Address("279035121518900@patient.mssante.fr"),))),
        ("MSS-M12", set_(to=(mail.Address("27903512151@patient.mssante.fr"),))),
        ("MSS-M13", set_(to=(mail.Address(f"{OTHER}@patient.mssante.fr"),))),
        ("MSS-X01", files(lambda all: (replace(all[0], name="documents.zip"), all[1]))),
        ("MSS-X01", files(lambda all: (all[0], *all))),
        ("MSS-X01", files(lambda all: (replace(all[0], media_type="text/plain"), all[1]))),
        ("MSS-X02", files(lambda all: (replace(all[0], data=all[0].data[:-40]), all[1]))),
        ("MSS-P01", files(lambda all: all[:1])),
        ("MSS-P01", files(lambda all: (*all, all[1]))),
        ("MSS-P02", files(lambda all: (all[0], replace(all[1], data=all[1].data + b"\n")))),
        ("MSS-P04", files(lambda all: (all[0], replace(all[1], name="lettre.pdf")))),
    ],
)
def test_defects(sound, rule: str, edit: Edit) -> None:
    found = rules(mail.compose(edit(sound.draft)))
    assert found == {rule}


@pytest.mark.parametrize(
    ("rule", "context", "edit"),
    [
        ("MSS-M01", replace(CONTEXT, known_ids=frozenset({"<1.20260302@medecin.test.mssante.fr>"})), same),
        ("MSS-M02", replace(CONTEXT, in_reply_to="<0@b>"), same),
        ("MSS-M02", replace(CONTEXT, in_reply_to="<0@b>"), set_(in_reply_to="<0@b>")),
        ("MSS-M05", replace(CONTEXT, sender_type="APP"), same),
        ("MSS-M05", replace(CONTEXT, sender_type="APP"), set_(reply_to="s@labo.test.mssante.fr")),
        (
            "MSS-M05",
            replace(CONTEXT, sender_type="APP"),
            set_(reply_to="camille@medecin.test.mssante.fr", automatic=True),
        ),
        ("MSS-M11", replace(CONTEXT, no_reply=True), set_(to=(SELF,))),
        ("MSS-M11", replace(CONTEXT, no_reply=False), set_(to=(SELF,), no_reply=True)),
        ("MSS-M12", replace(CONTEXT, qualified=frozenset()), set_(to=(SELF,))),
        ("MSS-M13", replace(CONTEXT, envelope=(f"{OTHER}@patient.mssante.fr",)), same),
        ("MSS-M14", replace(CONTEXT, delivery_receipt=True), same),
        ("MSS-M14B", replace(CONTEXT, delivery_receipt=True, notify=True), same),
        ("MSS-M15", replace(CONTEXT, read_receipt=True), same),
        ("MSS-M16", replace(CONTEXT, mdn_for="<0@b>"), same),
    ],
)
def test_defects_by_context(sound, rule: str, context: mail.MailContext, edit: Edit) -> None:
    assert rules(mail.compose(edit(sound.draft)), context) == {rule}


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("MSS-M03", raw(b"Content-Type: text/plain", b"Content-Type: text/enriched")),
        ("MSS-M03", raw(b"multipart/alternative", b"multipart/related")),
        ("MSS-M03B", raw(b"text/plain; charset=UTF-8", b"text/plain; charset=iso-8859-1")),
        ("MSS-M03B", raw(b"=C3=A8", b"=E8")),
        ("MSS-M04", raw(b"<p>Bonjour,</p><p>Veuillez trouver un document en ", b"<p>Cliquez ici</p><p>")),
    ],
)
def test_body_defects(sound, rule: str, change: Callable[[bytes], bytes]) -> None:
    data = mail.compose(sound.draft)
    assert change(data) != data
    found = mail.judge_mail(mail.read_mail(change(data)), CONTEXT, deep=False)
    assert rule in {finding.rule for finding in found}
    assert {finding.rule for finding in found if finding.is_error} == {rule} - {"MSS-M04"}


def test_headers_without_archive(sound) -> None:
    plain = replace(sound.draft, subject="Bonjour", attachments=())
    assert rules(mail.compose(plain)) == {"MSS-M08", "MSS-M09"}
    assert rules(mail.compose(replace(plain, codes="", ins=""))) == set()
    prefix = replace(plain, codes="", ins="", subject="XDM/1.0/DDM+x A B")
    assert rules(mail.compose(prefix)) == {"MSS-M07"}
    cda_alone = (mail.Attachment("lettre.xml", "text/xml", b"<a/>"),)
    assert rules(mail.compose(replace(plain, codes="", ins="", attachments=cda_alone))) == {"MSS-X01"}


@pytest.mark.parametrize(
    "subject",
    [
        "XDM/1.0/DDM+ Lettre PAT-TROIS DOMINIQUE",
        "XDM/1.0/DDM+Lettre pat-trois Dominique 28/03/1979",
        "XDM/1.0/DDM+[Annule et remplace] Lettre PAT-TROIS DOMINIQUE 28/03/1979",
    ],
)
def test_tolerated_subjects(sound, subject: str) -> None:
    assert rules(mail.compose(replace(sound.draft, subject=subject))) == set()


def test_tolerated_forms(sound) -> None:
    archive, copy = sound.draft.attachments
    upper = replace(archive, name="IHE_XDM.ZIP", media_type="application/octet-stream")
    numbered = replace(copy, name=copy.name.replace(".pdf", "_12150302.pdf"))
    assert rules(mail.compose(replace(sound.draft, attachments=(upper, numbered)))) == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Original-Message-ID: <1.20260302@medecin.test.mssante.fr>\r\n", b""),
        (b"Final-Recipient", b"X-Recipient"),
        (b"MDN-sent-manually; displayed", b"lu"),
        (b"message/disposition-notification\r\n", b"text/plain\r\n"),
        (b"Original-Message-ID: <1.2026", b"Original-Message-ID: <9.2026"),
    ],
)
def test_bad_receipts(sound, old: bytes, new: bytes) -> None:
    original = mail.read_mail(mail.compose(replace(sound.draft, read_receipt=True)))
    data = mail.compose_mdn(
        original, sender=SELF, message_id="<m@b>", date=sound.draft.date, nil="BANC000001"
    )
    assert old in data
    context = replace(CONTEXT, mdn_for=original.message_id)
    assert rules(data, context) == set()
    assert rules(data.replace(old, new), context) == {"MSS-M16"}


def test_pdf_copies(sound) -> None:
    def judged(pdf: bytes) -> set[str]:
        archive, copy = sound.draft.attachments
        draft = replace(sound.draft, attachments=(archive, replace(copy, data=pdf)))
        read = mail.read_mail(mail.compose(draft))
        return {finding.rule for finding in judge_copies(Seen(read, CONTEXT))}

    assert judged(b"%PDF-1.4 nothing") == {"MSS-P03"}
    assert judged(sound.pdf.replace(b"pdfaid:part", b"pdfaid:pert")) == {"MSS-P03"}


def test_pdf_of_a_structured_document(sound) -> None:
    read = mail.read_mail(mail.compose(sound.draft))
    assert read.archive is not None
    subset = read.archive.subsets[0]
    one = subset.documents[0]
    assert one.document is not None
    structured = replace(one, document=replace(one.document, level=3, title="Synthèse"))
    archive = replace(read.archive, subsets=(replace(subset, documents=(structured,)),))
    found = judge_copies(Seen(replace(read, archive=archive), CONTEXT))
    assert [(finding.rule, finding.severity) for finding in found] == [("MSS-P05", "warning")]


def test_every_rule_is_worded() -> None:
    for one in (MESSAGE, DOCUMENTS, COPIES):
        for rule in one.rules.values():
            assert set(catalogue()[rule.id]) == {"fr", "en", "action_fr", "action_en"}
            assert rule.requirements or rule.keyword is Keyword.PEUT


def test_the_whole_mail(sound) -> None:
    read = mail.read_mail(mail.compose(sound.draft))
    assert [finding for finding in mail.judge_mail(read, CONTEXT) if finding.is_error] == []


def test_the_archive_and_the_documents_are_judged(sound) -> None:
    read = mail.read_mail(mail.compose(sound.draft))
    assert read.archive is not None
    subset = read.archive.subsets[0]
    one = subset.documents[0]
    assert one.data is not None
    data = one.data.replace(b'<realmCode code="FR"/>', b"")
    unsound = replace(one, data=data, document=cda.read(data))
    archive = replace(read.archive, readme=None, subsets=(replace(subset, documents=(unsound,)),))
    found = mail.judge_mail(replace(read, archive=archive), CONTEXT)
    assert {"XDM-LAY-01", "XDS-HASH-01"} <= {finding.rule for finding in found}
    assert any(finding.where.startswith("IHE_XDM/SUBSET01/DOC0001.XML /Clin") for finding in found)
