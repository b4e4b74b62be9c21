"""Finding a correspondent."""

from ..outcome import Call, Data, Refused
from ..software import Software


def search(lps: Software, call: Call) -> Data:
    """By RPPS, by address (or a part of it), or by name."""
    given = call.given
    if given.get("rpps"):
        criteria = {"identifier": given["rpps"]}
    elif given.get("mailbox"):
        criteria = {"mailbox-mss:contains": given["mailbox"]}
    elif given.get("name"):
        criteria = {"name": given["name"]}
    else:
        raise Refused("Donnez un nom, un numéro RPPS ou une adresse.")
    found = lps.directory.search(criteria)
    if not found:
        call.inform("Aucun correspondant ne convient.")
    return {
        "results": [
            {
                "rpps": one.rpps,
                "name": one.name,
                "profession": one.profession,
                "mailboxes": list(one.mailboxes),
            }
            for one in found
        ]
    }
