"""The documents that this software makes: PDF/A-1b page, CDA around it, metadata for the DMP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from schemas import cda, pdf, xds
from schemas.cda.model import STRUCTURE_ID
from schemas.ins import Ins, datamatrix
from schemas.prescription.identifiers import qr_text
from schemas.xds.names import TRE_R209

from .accounts import Account
from .behaviour import Behaviour
from .clock import Chance, Clock
from .outcome import Data, Refused
from .sheet import dress
from .state import Document, Patient

PARIS = ZoneInfo("Europe/Paris")
VALIDITY = timedelta(days=90)
NOTICE = "Document de test : identités fictives, aucune donnée réelle."
CONTENT_TYPE = xds.Code("07", TRE_R209, "Consultations (soins externes)")
PRESCRIPTION = "Prescription de médicaments et/ou de dispositifs médicaux"  # title, printed too
BODIES: dict[str, tuple[pdf.Block, ...]] = {
    "lettre": ("Cher confrère,", "Je vous remercie de recevoir ce patient pour avis.", "Bien à vous."),
    "cr-bio": (pdf.Table(("Examen", "Résultat", "Valeurs"), (("Glycémie", "0,92 g/L", "0,70 – 1,10"),)),),
    "vsm": (pdf.Heading("Pathologies en cours"), "Aucune.", pdf.Heading("Traitements"), "Aucun."),
    "cr-imagerie": (pdf.Heading("Indication"), "Douleur.", pdf.Heading("Conclusion"), "Examen normal."),
    "certificat": ("Je certifie avoir examiné ce jour le patient désigné ci-dessus.",),
}


@dataclass(frozen=True, slots=True)
class Making:
    """What may be particular about a document. `act_date`: when the act took place, if it was not today.

    `author_left`: its author is no longer in the national directory of professionals. `dressed`: inside its
    own style sheet. `historical`: filed here, not validated in order to be sent.
    """

    act_date: datetime | None = None
    author_left: bool = False
    empty: bool = False
    dressed: bool = False
    historical: bool = False


USUAL = Making()


@dataclass(frozen=True, slots=True)
class Workshop:
    """What is needed to make a document."""

    clock: Clock
    chance: Chance
    behaviour: Behaviour

    def letter(
        self,
        patient: Patient,
        ins: Ins | None,
        account: Account,
        kind: str,
        *,
        title: str = "",
        replaces: Document | None = None,
        replaced_id: str | None = None,
        how: "Making" = USUAL,
    ) -> Document:
        """A level-1 document of this kind. `replaces`: the version before, when it was made here."""
        now = self.clock.now().astimezone(PARIS).replace(microsecond=0)
        type_code, usual = cda.KINDS[kind]
        page = pdf.write_pdf(
            title or usual,
            () if how.empty else BODIES[kind],
            created=now,
            identity=_identity_lines(patient, ins),
            author=_author_lines(account),
            ins_datamatrix=_datamatrix(patient, ins),
            notice=NOTICE,
        )
        header = self._header(patient, ins, account, now, title or usual, replaces, replaced_id)
        if how.act_date is not None:
            header = replace(header, service_start=self.behaviour.act_date(how.act_date, now))
        if how.author_left and self.behaviour.names_the_structure:
            header = replace(header, co_authors=(structure_of(account),))
        with _writing():
            data = cda.build_document(cda.DocumentSpec(header, kind, page))
        if how.dressed:
            data = dress(data, self.behaviour.sheet)
        made = self._document(header, patient, type_code, data, page)
        return replace(made, historical=how.historical)

    def prescription(
        self,
        patient: Patient,
        ins: Ins | None,
        account: Account,
        lines: tuple[cda.PrescriptionLine, ...],
        *,
        types: tuple[str, ...],
        epu_id: str | None,
        printed_code: str | None = None,
    ) -> Document:
        """A prescription, with its number and 2D code when it has one.

        `printed_code`: what the paper carries when it must differ from `epu_id`.
        """
        now = self.clock.now().astimezone(PARIS).replace(microsecond=0)
        code = printed_code or epu_id
        page = pdf.write_pdf(
            PRESCRIPTION,
            _prescription_blocks(lines),
            created=now,
            identity=_identity_lines(patient, ins),
            author=_author_lines(account),
            code2d=qr_text(code) if code else None,
            code2d_label=f"N° {code}" if code else None,
            ins_datamatrix=_datamatrix(patient, ins),
            notice=NOTICE,
        )
        header = self._header(patient, ins, account, now, PRESCRIPTION, None, None)
        spec = cda.PrescriptionSpec(
            header,
            lines,
            page,
            epu_id=epu_id,
            code_payload=qr_text(epu_id) if epu_id else "",
            types=types,
            valid_until=now + VALIDITY,
        )
        with _writing():
            data = cda.build_prescription(spec)
        return self._document(header, patient, "57833-6", data, page)

    def entry(self, document: Document, flags: tuple[str, ...] = ()) -> xds.DocumentEntry:
        """The metadata of a document, derived from its CDA."""
        entry = xds.entry_from_cda(cda.read(document.data), document.data, flags=flags)
        return replace(entry, mime_type=document.mime_type)

    def _header(
        self,
        patient: Patient,
        ins: Ins | None,
        account: Account,
        now: datetime,
        title: str,
        replaces: Document | None,
        replaced_id: str | None,
    ) -> cda.Header:
        return cda.Header(
            unique_id=self.chance.oid(),
            set_id=replaces.set_id if replaces else self.chance.oid(),
            created=now,
            patient=patient.identity(ins),
            author=account.person(),
            title=title,
            version=replaces.version + 1 if replaces else (2 if replaced_id else 1),
            replaces=replaced_id,
            facility=account.sector,
        )

    def _document(
        self, header: cda.Header, patient: Patient, type_code: str, data: bytes, page: bytes
    ) -> Document:
        final = self.behaviour.document(data)
        return Document(
            header.unique_id, patient.id, type_code, header.title, final, page, header.set_id, header.version
        )


def structure_of(account: Account) -> cda.Person:
    """The legal entity, author beside a person who left (DMP/HISTO.04). How the public texts want it written
    is not known: under its Struct_IdNat, with itself as institution."""
    return cda.Person(
        account.structure,
        STRUCTURE_ID,
        family=account.structure_name,
        organisation_id=account.structure,
        organisation_name=account.structure_name,
    )


@contextmanager
def _writing() -> Iterator[None]:
    """What cannot be written is the user's to mend: Refused."""
    try:
        yield
    except ValueError as error:
        raise Refused(f"Ce document ne peut pas être écrit : {error}.") from None


def prescription_lines(given: list[Data], chance: Chance) -> tuple[cda.PrescriptionLine, ...]:
    """The lines of the contract as lines of the document. Each gets its identifier here."""
    lines = []
    for line in given:
        substitution = line.get("substitution") or {"allowed": True}
        allowed = bool(substitution["allowed"])
        lines.append(
            cda.PrescriptionLine(
                label=line["label"],
                posology=line["posology"],
                cis=line.get("cis", ""),
                cip13=line.get("cip13", ""),
                quantity=line["quantity"],
                renewals=line.get("renewals", 0),
                substitution_allowed=allowed,
                substitution_reason="" if allowed else substitution.get("reason") or "",
                ald=bool(line.get("ald")),
                line_id=chance.uuid().upper(),
            )
        )
    return tuple(lines)


def _identity_lines(patient: Patient, ins: Ins | None) -> tuple[str, ...]:
    born = "/".join(reversed(patient.birth_date.split("-")))  # text: a birth date may be uncertain (00)
    lines = (
        f"Nom de naissance : {patient.birth_name}",
        f"Prénoms : {' '.join(patient.given_names)}",
        f"Sexe : {patient.sex} — né(e) le {born} — lieu {patient.birth_place}",
    )
    return (*lines, f"INS : {ins.matricule}") if ins else lines


def _author_lines(account: Account) -> tuple[str, ...]:
    return account.name, account.structure_name, f"RPPS {account.rpps}"


def _datamatrix(patient: Patient, ins: Ins | None) -> str | None:
    if ins is None:
        return None
    return datamatrix.encode(
        ins,
        given_names=" ".join(patient.given_names),
        birth_name=patient.birth_name,
        sex=patient.sex,
        birth_date=patient.birth_date,
        birth_place=patient.birth_place,
    )


def _prescription_blocks(lines: tuple[cda.PrescriptionLine, ...]) -> tuple[pdf.Block, ...]:
    blocks: list[pdf.Block] = []
    for line in lines:
        blocks.append(pdf.Heading(line.label))
        blocks.append(line.posology)
        details = [f"Quantité : {line.quantity} boîte(s)", f"Renouvellements : {line.renewals}"]
        if not line.substitution_allowed:
            details.append(f"Non substituable ({line.substitution_reason})")
        if line.ald:
            details.append("En rapport avec une affection de longue durée")
        blocks.append(" — ".join(details))
    return tuple(blocks)
