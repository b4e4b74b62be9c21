"""Every rule: the conformant submission passes, a seeded defect fails that rule and no other error."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas import ins, xds, xml
from schemas.finding import Keyword
from schemas.messages import catalogue
from schemas.xds import codes, cross, judge, names, query, rules, schema, signature
from schemas.xds.model import Association, Code

Change = Callable[[xds.Lot], xds.Lot]


def entry(**changes: object) -> Change:
    """Change the document's entry."""

    def change(lot: xds.Lot) -> xds.Lot:
        first, *others = lot.submission.entries
        return with_entries(lot, replace(first, **changes), *others)

    return change


def one_set(**changes: object) -> Change:
    def change(lot: xds.Lot) -> xds.Lot:
        one = replace(lot.submission.submission_set, **changes)
        return replace(lot, submission=replace(lot.submission, submission_set=one))

    return change


def with_entries(lot: xds.Lot, *entries: xds.DocumentEntry) -> xds.Lot:
    return replace(lot, submission=replace(lot.submission, entries=entries))


def links(change: Callable[[tuple[Association, ...]], tuple[Association, ...]]) -> Change:
    def apply(lot: xds.Lot) -> xds.Lot:
        return replace(
            lot, submission=replace(lot.submission, associations=change(lot.submission.associations))
        )

    return apply


def signature_entry(**changes: object) -> Change:
    def change(lot: xds.Lot) -> xds.Lot:
        first, second = lot.submission.entries
        return with_entries(lot, first, replace(second, **changes))

    return change


def patients(cx: str) -> Change:
    """Another patient everywhere, the VIHF included."""

    def change(lot: xds.Lot) -> xds.Lot:
        one = replace(lot.submission.submission_set, patient_id=cx)
        entries = tuple(replace(each, patient_id=cx) for each in lot.submission.entries)
        submission = replace(lot.submission, submission_set=one, entries=entries)
        return replace(lot, submission=submission, patient=cx)

    return change


def no_signature(lot: xds.Lot) -> xds.Lot:
    documents = {"Document01": lot.documents["Document01"]}
    kept = tuple(
        link for link in lot.submission.associations if "Signature01" not in (link.source, link.target)
    )
    submission = replace(lot.submission, entries=lot.submission.entries[:1], associations=kept)
    return replace(lot, submission=submission, documents=documents)


def by_an_employee(person: str) -> Change:
    """Fed with a CPE card, the submission set being of this author."""

    def change(lot: xds.Lot) -> xds.Lot:
        one = replace(lot.submission.submission_set, authors=(xds.Author(person),))
        lot = replace(lot, submission=replace(lot.submission, submission_set=one), employee=True)
        return replace(lot, author_id=person.partition("^")[0])

    return change


N = Code("N", names.HL7_CONFIDENTIALITY)
FLAGS = {flag: Code(flag, names.FRENCH_CONFIDENTIALITY) for flag in names.CONFIDENTIALITY_DISPLAY}
OTHER = "1^^^&1.2&ISO^NH"
WELL = ins.Ins("253078944411179").matricule[:13]
PRODUCTION = ins.Ins(WELL + ins.key(WELL), ins.NIR_PRODUCTION).cx()

DEFECTS: list[tuple[str, Change]] = [
    ("XDS-STR-02", one_set(source_id="")),
    ("XDS-STR-02", one_set(content_type=None)),
    ("XDS-STR-02", one_set(marked=False)),
    ("XDS-STR-02", one_set(authors=())),
    ("XDS-STR-03", entry(title="")),
    ("XDS-STR-03", entry(legal_authenticator="")),
    ("XDS-STR-03", entry(practice_setting=None)),
    ("XDS-STR-04", entry(duplicates=("typeCode",))),
    ("XDS-STR-04", entry(confidentiality=(N, *(FLAGS[names.MASQUE_PS],) * 4))),
    ("XDS-STR-05", entry(hash="abc")),
    ("XDS-STR-05", entry(unique_id="1.2.250.1.999.1.1^7")),
    ("XDS-STR-05", entry(service_start="2026-03-02")),
    ("XDS-STR-05", entry(source_patient_info=("PAT-TROIS^DOMINIQUE",))),
    ("XDS-STR-05", entry(object_type="urn:uuid:0")),
    ("XDS-STR-05", one_set(source_id="banc")),
    ("XDS-STR-06", entry(schemes=("urn:uuid:a09d5840-386c-46f2-b5ad-9fdf87b75cc4",))),
    ("XDS-REF-01", links(lambda all: (*all, Association(names.RPLC, "Document01", "Document99")))),
    ("XDS-REF-02", links(lambda all: tuple(link for link in all if link.target != "Document01"))),
    ("XDS-REF-02", links(lambda all: (replace(all[0], slots={}), *all[1:]))),
    ("XDS-REF-03", links(lambda all: (*all, Association(names.APND, "Document01", "urn:uuid:1")))),
    ("XDS-REF-03", links(lambda all: (*all, Association(names.RPLC, "urn:uuid:2", "urn:uuid:1")))),
    ("XDS-DOC-01", lambda lot: replace(lot, documents={"Signature01": lot.documents["Signature01"]})),
    ("XDS-DOC-02", lambda lot: replace(lot, documents={**lot.documents, "document01": b"<a/>"})),
    ("XDS-DOC-03", signature_entry(unique_id="1.2.250.1.999.2.1")),
    ("XDS-HASH-01", entry(hash="0" * 40)),
    ("XDS-HASH-02", entry(size=3)),
    ("XDS-PAT-01", lambda lot: replace(lot, patient=OTHER)),
    ("XDS-PAT-02", patients("279035121518988^^^&1.2.250.1.213.1.4.10&ISO^NH")),
    ("XDS-PAT-02", patients(OTHER)),
    ("XDS-PAT-03", patients(PRODUCTION)),
    (
        "XDS-CONF-01",
        entry(confidentiality=(N, FLAGS[names.MASQUE_PS], FLAGS[names.INVISIBLE_PATIENT])),
    ),
    ("XDS-CONF-02", entry(confidentiality=(N, Code("INVISIBLE_REP_LEGAUX", names.FRENCH_CONFIDENTIALITY)))),
    ("XDS-CONF-02", entry(confidentiality=(FLAGS[names.MASQUE_PS],))),
    ("XDS-CONF-02", entry(confidentiality=(N, Code("MASQUE_PS", names.HL7_CONFIDENTIALITY)))),
    ("XDS-CONF-03", entry(confidentiality=(N, FLAGS[names.INVISIBLE_REPRESENTANTS]))),
    ("XDS-CONF-04", entry(confidentiality=(Code("R", names.HL7_CONFIDENTIALITY),))),
    ("XDS-SGD-01", no_signature),
    ("XDS-SGD-02", links(lambda all: tuple(link for link in all if link.type != names.SIGNS))),
    ("XDS-SGD-03", signature_entry(language="fr-FR")),
    ("XDS-AUT-01", lambda lot: replace(lot, author_id="899700100029")),
    ("XDS-AUT-01", lambda lot: replace(lot, mode="INDIRECTE", structure_id="1750000029")),
    ("XDS-AUT-02", one_set(authors=(xds.Author("899700100045^A^B"),))),
    ("XDS-FLD-01", lambda lot: replace(lot, submission=replace(lot.submission, folders=("Folder01",)))),
    ("XDS-AUT-03", by_an_employee("699700100011001/0000001^^CHARLIE")),
    ("XDS-AUT-03", by_an_employee("699700100011001/0000001^PERRIN^ ")),
    ("XDS-AUT-03", by_an_employee("699700100011001/0000001")),
]


def failed(findings: list) -> set[str]:
    return {finding.rule for finding in findings}


def test_reference_has_no_finding(sample) -> None:
    assert judge.judge_decisive(sample.lot) == []
    assert judge.judge_deferred(sample.lot) == []


@pytest.mark.parametrize(("rule", "change"), DEFECTS, ids=[f"{d[0]}-{i}" for i, d in enumerate(DEFECTS)])
def test_decisive_defects(sample, rule: str, change: Change) -> None:
    findings = judge.judge_decisive(change(sample.lot))
    errors = {finding.rule for finding in findings if finding.is_error}
    declared = {**rules.STRUCTURE.rules, **rules.FEED.rules}[rule]
    assert rule in failed(findings)
    assert errors == ({rule} if declared.keyword is Keyword.DOIT else set())


def test_every_decisive_rule_has_a_defect() -> None:
    tested = {rule for rule, _ in DEFECTS} | {"XDS-STR-01"}
    assert tested == set(rules.STRUCTURE.rules) | set(rules.FEED.rules)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<rim:Slot name="creationTime">', '<rim:Name/><rim:Slot name="creationTime">'),
        ('<rim:Slot name="creationTime">', "<rim:Slot>"),
        ("identificationScheme=", "scheme="),
        ("classificationScheme=", "scheme="),
        ("<rim:Name>", "<rim:Nom/><rim:Name>"),
        ("<rim:Value>fr-FR</rim:Value></rim:ValueList>", "</rim:ValueList>"),
    ],
)
def test_encoding(sample, old: str, new: str) -> None:
    text = xds.write_submission(sample.submission).decode()
    assert old in text
    read = xds.read_submission(xml.parse(text.replace(old, new, 1).encode()))
    findings = rules.STRUCTURE.judge(xds.Lot(read))
    wanted = "XDS-STR-03" if "fr-FR" in old else "XDS-STR-01"
    assert wanted in failed(findings)
    assert all(finding.where for finding in findings)


def feed(sample, old: str = "", new: str = "") -> xds.Lot:
    """The conformant feed as it is read from its body, with a change to the first such text."""
    body = xds.write_provide(
        xds.write_submission(sample.submission), {"Document01": "cid:a", "Signature01": "cid:b"}
    ).decode()
    assert old in body
    attached = {"a": sample.documents["Document01"], "b": sample.documents["Signature01"]}
    read = xds.read_provide(xml.parse(body.replace(old, new, 1).encode()), attached)
    return replace(sample.lot, submission=read.submission, documents=read.documents, metadata=read.metadata)


def test_feed_follows_the_schema(sample) -> None:
    assert xds.judge_decisive(feed(sample)) == []
    assert xds.judge_deferred(feed(sample)) == []


@pytest.mark.parametrize(
    ("old", "new", "observed", "expected"),
    [
        (' charset="UTF8"', ' encoding="UTF8"', "@encoding", ""),
        (' classifiedObject="Document01"', "", "", "@classifiedObject"),
        ("</rim:RegistryPackage>", "</rim:RegistryPackage><rim:Dossier/>", "Dossier", "ExtrinsicObject | "),
        ("<lcm:SubmitObjectsRequest", '<lcm:SubmitObjectsRequest version="3"', "@version", "@id | @comment"),
        (' mimeType="text/xml"', ' mimeType="text/xml" isOpaque="non"', "non", "xs:boolean"),
    ],
)
def test_schema_defects(sample, old: str, new: str, observed: str, expected: str) -> None:
    wrong = feed(sample, old, new)
    assert xds.judge_decisive(wrong) == []
    (found,) = xds.judge_deferred(wrong)
    assert (found.rule, found.observed) == ("XDS-XSD-01", observed)
    assert found.expected.startswith(expected)
    assert found.where.startswith("/ProvideAndRegisterDocumentSetRequest/SubmitObjectsRequest")
    assert found.requirements == ("DMP/CONF.10",)


def test_one_fault_of_encoding_is_told_once(sample) -> None:
    wrong = feed(sample, '<rim:Slot name="creationTime">', '<rim:Name/><rim:Slot name="creationTime">')
    assert failed(xds.judge_decisive(wrong)) == {"XDS-STR-01"}
    assert failed(xds.judge_deferred(wrong)) == set()


def test_emergency_parameters(sample) -> None:
    masked = entry(confidentiality=(N, FLAGS[names.MASQUE_PS], FLAGS[names.INVISIBLE_PATIENT]))
    assert judge.judge_decisive(replace(masked(sample.lot), cumulative=True)) == []
    minor = entry(
        confidentiality=(N, FLAGS[names.INVISIBLE_REPRESENTANTS]),
        source_patient_info=("PID-5|A^B^^^^^L", "PID-7|20150328", "PID-8|F"),
    )
    assert judge.judge_decisive(minor(sample.lot)) == []


def test_indirect_mode(sample) -> None:
    assert judge.judge_decisive(replace(sample.lot, mode="INDIRECTE", author_id="local/1")) == []


def test_archive_profile(sample) -> None:
    lot = replace(no_signature(sample.lot), archive=True, author_id="", patient="")
    assert judge.judge_decisive(lot) == []


CODE_DEFECTS: list[tuple[str, Change]] = [
    ("XDS-CODE-01", entry(facility=Code("SA07", "1.2.3"))),
    ("XDS-CODE-02", entry(class_code=Code("11", names.TRE_A03))),
    (
        "XDS-CODE-03",
        entry(class_code=Code("10", names.TRE_A03), type_code=Code("18748-4", names.LOINC)),
    ),
    ("XDS-CODE-04", entry(facility=Code("SA999", names.TRE_R02))),
    ("XDS-CODE-05", entry(language="en-US")),
]


@pytest.mark.parametrize(("rule", "change"), CODE_DEFECTS)
def test_code_defects(sample, rule: str, change: Change) -> None:
    assert failed(codes.CODES.judge(change(sample.lot))) == {rule}


CROSS_DEFECTS: list[tuple[str, dict[str, object]]] = [
    ("XDS-CDA-01", {"unique_id": "1.2.3"}),
    ("XDS-CDA-02", {"type_code": Code("11490-0", names.LOINC)}),
    ("XDS-CDA-03", {"title": "Autre titre"}),
    ("XDS-CDA-04", {"creation_time": "20260302103000"}),
    ("XDS-CDA-05", {"language": "fr"}),
    ("XDS-CDA-06", {"authors": (xds.Author("899700100029^A^B"),)}),
    ("XDS-CDA-07", {"legal_authenticator": "899700100029^A^B"}),
    ("XDS-CDA-08", {"patient_id": PRODUCTION}),
    ("XDS-CDA-09", {"facility": Code("SA08", names.TRE_R02)}),
    ("XDS-CDA-10", {"practice_setting": Code("HAD", names.PRACTICE_SETTINGS)}),
    ("XDS-CDA-11", {"format_code": Code("urn:ihe:pharm:pre:2010", names.IHE_FORMATS)}),
    ("XDS-CDA-12", {"service_start": "20260301093000"}),
    ("XDS-CDA-13", {"confidentiality": (Code("R", names.HL7_CONFIDENTIALITY),)}),
    ("XDS-CDA-14", {"source_patient_info": ("PID-5|AUTRE^B^^^^^L", "PID-7|19790328", "PID-8|F")}),
    ("XDS-CDA-14", {"source_patient_info": ("PID-5|PAT-TROIS^B^^^^^L", "PID-7|19790329", "PID-8|F")}),
    ("XDS-CDA-16", {"mime_type": "application/pdf"}),
]


@pytest.mark.parametrize(
    ("rule", "changes"), CROSS_DEFECTS, ids=[f"{d[0]}-{i}" for i, d in enumerate(CROSS_DEFECTS)]
)
def test_cross_defects(sample, rule: str, changes: dict[str, object]) -> None:
    from schemas import cda

    document = cda.read(sample.documents["Document01"])
    wrong = replace(sample.submission.documents[0], **changes)
    assert failed(cross.CROSS.judge(cross.Described(wrong, document))) == {rule}


def test_replacement(sample) -> None:
    from schemas import cda

    document = cda.read(sample.documents["Document01"])
    described = cross.Described(sample.submission.documents[0], document)
    assert failed(cross.CROSS.judge(replace(described, replaces=True))) == {"XDS-CDA-15"}
    newer = replace(described, document=replace(document, replaces="1.2.3"))
    assert failed(cross.CROSS.judge(newer)) == {"XDS-CDA-15"}
    assert cross.CROSS.judge(replace(newer, replaces=True)) == []
    assert failed(cross.CROSS.judge(replace(newer, archive=True))) == {"XDS-CDA-19"}
    told = replace(newer.entry, other_slots=(("action", ("C",)),))
    assert cross.CROSS.judge(replace(newer, entry=told, archive=True)) == []


def test_local_times_in_an_archive(sample) -> None:
    from schemas import cda

    document = replace(cda.read(sample.documents["Document01"]), effective_time="20260302103000+0100")
    described = cross.Described(sample.submission.documents[0], document)
    assert cross.CROSS.judge(described) == []
    local = replace(described, entry=replace(described.entry, creation_time="20260302103000"))
    assert failed(cross.CROSS.judge(local)) == {"XDS-CDA-04"}
    assert failed(cross.CROSS.judge(replace(local, archive=True))) == {"XDS-CDA-18"}


def test_unreadable_document(sample) -> None:
    lot = replace(sample.lot, documents={"Document01": b"<a/>"})
    assert failed(judge.judge_deferred(lot)) == {"XDS-CDA-17"}


def test_both_tiers(sample) -> None:
    judged = xds.judge_submission(
        sample.submission, sample.documents, author_id="899700100011", patient=OTHER
    )
    assert not judged.accepted
    assert failed(judged.all) == {"XDS-PAT-01"}
    assert xds.error_code("XDS-PAT-01") == "XDSPatientIdDoesNotMatch"
    assert xds.error_code("XDS-STR-03") == "XDSRepositoryMetadataError"
    assert xds.refusal_code(xds.XdsRefused("missing-attachment", "")) == "XDSMissingDocument"


def test_wording() -> None:
    sets = (
        rules.STRUCTURE,
        rules.FEED,
        codes.CODES,
        cross.CROSS,
        signature.RULES,
        query.RULES,
        judge.READING,
        schema.SCHEMA,
    )
    messages = catalogue()
    for one in sets:
        for rule in one.rules:
            assert set(messages[rule]) == {"fr", "en", "action_fr", "action_en"}
