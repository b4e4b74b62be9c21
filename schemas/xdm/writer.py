"""Writing an IHE_XDM.ZIP: same input, same bytes. Source: IHE ITI TF-2 §3.32."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape

from schemas.xdm.model import INDEX, METADATA, README, ROOT
from schemas.xds.model import Submission
from schemas.xds.writer import write_submission

SUBSET = "SUBSET01"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who made the archive, for README.TXT and INDEX.HTM."""

    name: str
    organisation: str
    address: str = ""
    phone: str = ""
    application: str = "reference_lps"
    version: str = "1.0"
    vendor: str = ""


def write_archive(
    submission: Submission,
    documents: Mapping[str, bytes],
    sender: Sender,
    *,
    now: datetime,
    extra: Mapping[str, bytes] | None = None,
) -> bytes:
    """The zip of one subset. `documents`: bytes by entry id, one for each entry of the submission.

    Entries get their URI (`DOC0001.XML`…) when they have none, and their hash and size always. `extra`: more
    files of the subset by name (a style sheet). `now` dates the members. Raises KeyError when a document is
    missing.
    """
    entries, files = [], {}
    for rank, entry in enumerate(submission.entries, 1):
        data = documents[entry.id]
        uri = entry.uri or f"DOC{rank:04d}.XML"
        files[uri] = data
        digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        entries.append(replace(entry, uri=uri, hash=digest, size=len(data)))
    metadata = write_submission(replace(submission, entries=tuple(entries)))
    files = {METADATA: b'<?xml version="1.0" encoding="UTF-8"?>\n' + metadata, **files, **(extra or {})}
    paths = {f"{ROOT}/{SUBSET}/{name}": data for name, data in files.items()}
    return zip_files({README: readme(sender, list(paths)), INDEX: index(sender, list(paths)), **paths}, now)


def zip_files(files: Mapping[str, bytes], now: datetime) -> bytes:
    """A deflated zip of these files, in their order, all dated `now`."""
    buffer = io.BytesIO()
    moment = (max(now.year, 1980), now.month, now.day, now.hour, now.minute, now.second)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            info = zipfile.ZipInfo(path, moment)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 0  # the same bytes on every platform
            archive.writestr(info, data)
    return buffer.getvalue()


def readme(sender: Sender, paths: list[str]) -> bytes:
    """README.TXT: the four sections that French software writes."""
    sections = (
        (
            "Emetteur",
            (
                f"Nom : {sender.name}",
                f"Organisme : {sender.organisation}",
                f"Adresse : {sender.address}",
                f"Telephone : {sender.phone}",
            ),
        ),
        (
            "Application de l'emetteur",
            (f"Nom : {sender.application}", f"Version : {sender.version}", f"Editeur : {sender.vendor}"),
        ),
        ("Instructions", ("Ouvrir INDEX.HTM dans un navigateur, ou importer le dossier IHE_XDM.",)),
        ("Arborescence", (README, INDEX, *(path.replace("/", "\\") for path in paths))),
    )
    lines = []
    for title, items in sections:
        lines += [f"{title} :", "=" * (len(title) + 2), *(f"  . {item}" for item in items), ""]
    return "\r\n".join(lines).encode()


def index(sender: Sender, paths: list[str]) -> bytes:
    """INDEX.HTM: XHTML Basic, names the sender, links to README.TXT and to the documents."""
    links = "".join(f'<li><a href="{escape(path)}">{escape(path)}</a></li>' for path in paths)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML Basic 1.1//EN"'
        ' "http://www.w3.org/TR/xhtml-basic/xhtml-basic11.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="fr"><head><title>Lot</title></head>'
        f"<body><h1>{escape(sender.organisation)}</h1><p>Emetteur : {escape(sender.name)}</p>"
        f'<p>Voir <a href="{README}">{README}</a>.</p><ul>{links}</ul></body></html>'
    ).encode()
