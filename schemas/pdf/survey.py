"""A PDF held against PDF/A-1b: the faults of its bytes, its objects, its contents and its metadata.

Not a full validator: widths are not compared with the font programs, nor images decoded. Bounded by the
limits of each part. Source: ISO 19005-1.
"""

from typing import Any

import pikepdf

from schemas.pdf import content, envelope, metadata, objects
from schemas.pdf.faults import Family, Faults
from schemas.pdf.model import PdfMarkers

MAX_PROFILE = 4_000_000  # bytes of an ICC profile
_COMPONENTS = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4, b"Lab ": 3}


def survey(document: Any, data: bytes) -> PdfMarkers:
    """What an open PDF says of its conformance, and what denies it. Raises PdfRefused `too-large`."""
    faults = Faults()
    envelope.look(data, faults)
    xmp = metadata.read_xmp(document, faults)
    metadata.compare_info(document, xmp, faults)
    for _ in objects.walk(document, faults):
        pass
    contents = content.look(document, faults)
    _catalogue(document, faults, level_a=xmp.conformance == "A")
    announced = _output_profile(document, contents, faults)
    by_family = {family: [one for one in faults.found if one.family is family] for family in Family}
    return PdfMarkers(
        part=xmp.part,
        conformance=xmp.conformance,
        output_intent=announced,
        has_id="/ID" in document.trailer,
        fonts_not_embedded=_seen(by_family[Family.FONT_FILE]),
        transparency=_seen(by_family[Family.TRANSPARENCY]),
        forbidden=_seen(by_family[Family.ACTIVE]),
        faults=tuple(faults.found),
    )


def _seen(faults: list[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fault.observed for fault in faults))


def _is_true(value: object) -> bool:
    return value is True


def _catalogue(document: Any, faults: Faults, *, level_a: bool) -> None:
    root = document.Root
    if document.is_encrypted:
        faults.add(Family.ACTIVE, "trailer", "chiffrement")
    names = root.get("/Names")
    if isinstance(names, pikepdf.Dictionary):
        if "/JavaScript" in names:
            faults.add(Family.ACTIVE, "catalogue", "JavaScript")
        if "/EmbeddedFiles" in names:
            faults.add(Family.ACTIVE, "catalogue", "fichier joint")
    if "/OCProperties" in root:
        faults.add(Family.LAYERS, "catalogue", "/OCProperties", "absent")
    form: Any = root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary):
        if _is_true(form.get("/NeedAppearances")):
            faults.add(Family.FORM, "/AcroForm", "NeedAppearances true", "false")
        if "/XFA" in form:
            faults.add(Family.FORM, "/AcroForm", "XFA", "absent")
    if level_a:
        marked: Any = root.get("/MarkInfo")
        if not (isinstance(marked, pikepdf.Dictionary) and _is_true(marked.get("/Marked"))):
            faults.add(Family.TAGS, "catalogue", "sans /MarkInfo /Marked true", "document balisé")
        if "/StructTreeRoot" not in root:
            faults.add(Family.TAGS, "catalogue", "sans /StructTreeRoot", "document balisé")


def _output_profile(document: Any, contents: content.Contents, faults: Faults) -> bool:
    """Whether a GTS_PDFA1 intent carries a profile; the profile against the colours in use (6.2.2)."""
    intents = document.Root.get("/OutputIntents")
    profiles = [
        intent["/DestOutputProfile"]
        for intent in (list(intents)[:20] if isinstance(intents, pikepdf.Array) else [])
        if isinstance(intent, pikepdf.Dictionary) and "/DestOutputProfile" in intent
    ]
    announced = any(
        intent.get("/S") == "/GTS_PDFA1" and "/DestOutputProfile" in intent
        for intent in (list(intents)[:20] if isinstance(intents, pikepdf.Array) else [])
        if isinstance(intent, pikepdf.Dictionary)
    )
    if len({profile.objgen for profile in profiles}) > 1:
        faults.add(Family.COLOUR, "/OutputIntents", f"{len(profiles)} profils différents", "le même profil")
    for profile in profiles[:1]:
        components = _components(profile, faults)
        for name, wanted in (("RGB", 3), ("CMYK", 4)):
            if components and name in contents.colours and components != wanted:
                observed = f"Device{name}, profil de sortie à {components} composantes"
                faults.add(Family.COLOUR, contents.colours[name], observed, f"profil à {wanted} composantes")
    return announced


def _components(profile: Any, faults: Faults) -> int:
    """How many components an ICC profile has; 0 when it is none."""
    where = "/DestOutputProfile"
    if not isinstance(profile, pikepdf.Stream) or len(profile.read_raw_bytes()) > MAX_PROFILE:
        faults.add(Family.COLOUR, where, "pas un flux lisible", "profil ICC")
        return 0
    data = bytes(profile.read_bytes())
    if len(data) < 128 or data[36:40] != b"acsp":
        faults.add(Family.COLOUR, where, repr(data[:8]), "profil ICC (acsp)")
        return 0
    components = _COMPONENTS.get(data[16:20], 0)
    if profile.get("/N") != components:
        observed = f"/N {profile.get('/N')}, profil {data[16:20].decode('latin-1')}"
        faults.add(Family.COLOUR, where, observed, f"/N {components}")
    if data[12:16] not in (b"prtr", b"mntr"):
        observed = f"profil de classe {data[12:16].decode('latin-1')}"
        faults.add(Family.COLOUR, where, observed, "prtr ou mntr")
    return components
