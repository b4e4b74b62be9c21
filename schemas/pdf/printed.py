"""What the paper must show.

Sources: RNIV (traits and datamatrix on printed documents), ANS "Datamatrix INS" v2.2, Cnam ordonnance
numérique (QR code at the bottom left, number below).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.cda.model import PatientIdentity
from schemas.finding import Finding, Keyword, Observation, RuleSet
from schemas.ins.datamatrix import RULES as DATAMATRIX_RULES
from schemas.ins.datamatrix import DatamatrixRefused, InsDatamatrix, decode
from schemas.pdf.model import Pdf


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed document, the patient it is about (with an INS when QUALIFIEE), its e-prescription number."""

    pdf: Pdf
    patient: PatientIdentity | None = None
    epu_id: str | None = None

    @property
    def ins_codes(self) -> list[InsDatamatrix]:
        """The INS datamatrices that are on the paper."""
        found = []
        for text in self.pdf.datamatrix_texts:
            try:
                found.append(decode(text))
            except DatamatrixRefused:
                continue
        return found


RULES: RuleSet[Printed] = RuleSet("pdf-printed")
RNIV = "RNIV 1, diffusion des traits d'identité"


@RULES.rule("PDF-INS-01", requirements=("INS/va1.15",), source=RNIV)
def shows_the_strict_traits(printed: Printed) -> Iterator[Observation]:
    """Birth name, first given name, birth date, sex; matricule and its nature when qualified."""
    patient = printed.patient
    if patient is None:
        return
    text = _plain(printed.pdf.text)
    wanted = {"nom de naissance": patient.birth_name, "prénom": patient.given}
    if patient.ins is not None:
        wanted["matricule"] = patient.ins.matricule
    squeezed = text.replace(" ", "")
    for name, value in wanted.items():
        plain = _plain(value)
        if plain and plain not in text and plain.replace(" ", "") not in squeezed:
            yield Observation(f"texte, {name}", "", value)
    date = patient.birth_date
    if len(date) == 8 and not re.search(rf"{date[6:]}\s?[/.-]\s?{date[4:6]}\s?[/.-]\s?{date[:4]}", text):
        yield Observation("texte, date de naissance", "", f"{date[6:]}/{date[4:6]}/{date[:4]}")


@RULES.rule("PDF-INS-02", requirements=("INS/va1.03",), source="ANS, Datamatrix INS v2.2; RNIV 1")
def shows_the_datamatrix_of_the_patient(printed: Printed) -> Iterator[Observation]:
    """A qualified identity has its datamatrix on the first page, with the same INS."""
    patient = printed.patient
    if patient is None or patient.ins is None:
        return
    codes = printed.ins_codes
    if not codes:
        yield Observation("page 1, datamatrix", "", f"IS01… S1{patient.ins.matricule}")
    for code in codes:
        if code.ins != patient.ins:
            yield Observation(
                "datamatrix",
                f"{code.ins.matricule} {code.ins.oid}",
                f"{patient.ins.matricule} {patient.ins.oid}",
            )
    if codes and not any(
        code.page == 1 and code.format == "DataMatrix" and code.text.startswith("IS")
        for code in printed.pdf.placed
    ):
        yield Observation("datamatrix", "page 2…", "page 1")


@RULES.rule("PDF-INS-03", requirements=("INS/va1.53",), source="RNIV 1, EXI ID 29 et DIF 02")
def shows_no_ins_when_not_qualified(printed: Printed) -> Iterator[Observation]:
    """No datamatrix on the paper when the identity is not QUALIFIEE."""
    if printed.patient is not None and printed.patient.ins is None:
        for code in printed.ins_codes:
            yield Observation("datamatrix", code.ins.matricule, "")


@RULES.rule(
    "PDF-INS-04", requires=Keyword.DEVRAIT, requirements=("INS/va1.03",), source="ANS, Datamatrix INS v2.2"
)
def says_ins_to_scan(printed: Printed) -> Iterator[Observation]:
    """`INS à scanner` stands by the datamatrix."""
    if printed.ins_codes and "INS A SCANNER" not in _plain(printed.pdf.text):
        yield Observation("texte", "", "INS à scanner")


@RULES.rule("PDF-EP-01", requirements=("BEN-EP-02",), source="CSP R4071-2 ; Cnam, ordonnance numérique")
def shows_the_number_of_the_prescription(printed: Printed) -> Iterator[Observation]:
    """The QR code is read, carries the number, and the number is readable on the paper."""
    number = printed.epu_id
    if not number:
        return
    codes = printed.pdf.qr_texts
    if not codes:
        yield Observation("code 2D", "", number)
    elif not any(number in text for text in codes):
        yield Observation("code 2D", codes[0], number)
    if _squeeze(number) not in _squeeze(printed.pdf.text):
        yield Observation("texte", "", number)


@RULES.rule(
    "PDF-EP-02", requires=Keyword.DEVRAIT, requirements=("BEN-EP-02",), source="Cnam, ordonnance numérique"
)
def code_is_at_the_bottom_left(printed: Printed) -> Iterator[Observation]:
    """The QR code of the prescription is in the bottom left of its page."""
    if not printed.epu_id:
        return
    for code in printed.pdf.placed:
        if code.format == "QRCode" and printed.epu_id in code.text and (code.x > 0.5 or code.y < 0.5):
            yield Observation(f"page {code.page}", f"x {code.x:.0%}, y {code.y:.0%}", "x < 50 %, y > 50 %")


@RULES.rule(
    "PDF-EP-03", requirements=("BEN-EP-03",), source="Cnam, ordonnance numérique; ANS, Datamatrix INS v2.2"
)
def codes_are_not_confused(printed: Printed) -> Iterator[Observation]:
    """The prescription's code does not carry the identity, nor the datamatrix the number."""
    for text in printed.pdf.qr_texts:
        if text.startswith("IS01"):
            yield Observation("QR code", text[:40], printed.epu_id or "")
    if printed.epu_id:
        for text in printed.pdf.datamatrix_texts:
            if printed.epu_id in text:
                yield Observation("datamatrix", text[:40], "IS01…")


@RULES.rule("PDF-EP-04", requirements=("BEN-EP-06",), source="CSP R4073-2; CI-SIS eP-MED-DM (mode dégradé)")
def no_code_without_number(printed: Printed) -> Iterator[Observation]:
    """Without a number there is no code that looks like one (18 capitals and digits)."""
    if printed.epu_id is None:
        for text in printed.pdf.qr_texts:
            if re.search(r"\b\d{2}[0-9A-Z]{16}\b", text):
                yield Observation("code 2D", text, "")


def judge(printed: Printed) -> list[Finding]:
    """See `schemas.pdf.judge_print`. The layout of each INS datamatrix is judged too."""
    found = RULES.judge(printed)
    for code in printed.ins_codes:
        found.extend(DATAMATRIX_RULES.judge(code))
    return found


def _plain(text: str) -> str:
    stripped = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return " ".join(stripped.upper().split())


def _squeeze(text: str) -> str:
    return re.sub(r"[\s-]", "", text).upper()
