"""The contextual addresses of Web PS: `/AccesDirect/<page>[/<INS>]`. Source: PDT-INF-527."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from schemas.ins import well_formed
from simulators.core.population import FIRST_ORDER

PREFIX = "/AccesDirect/"
DASHBOARD, HOME, RECORD, DOCUMENTS, PATHWAY, HISTORY, SETTINGS, WISHES, VACCINES = (
    "TableauDeBord",
    "DossierPatient",
    "GestionDMPPatient",
    "Documents",
    "ParcoursDeSoins",
    "HistoriqueAcces",
    "Parametrages",
    "VolontesEtDroits",
    "CarnetVaccination",
)
OPTIONAL, REQUIRED, NONE = "optional", "required", "none"
PAGES: Mapping[str, str] = {  # page → whether its address ends with an INS
    DASHBOARD: OPTIONAL,
    HOME: REQUIRED,
    RECORD: REQUIRED,
    DOCUMENTS: REQUIRED,
    PATHWAY: REQUIRED,
    HISTORY: REQUIRED,
    SETTINGS: NONE,
    WISHES: REQUIRED,
    VACCINES: REQUIRED,
}


@dataclass(frozen=True, slots=True)
class Address:
    """An address as asked. `page`: one of PAGES, or empty; `ins`: the segment after it, decoded."""

    path: str
    page: str = ""
    ins: str = ""

    @property
    def fault(self) -> str:
        """What is wrong with the INS: `absent`, `unwanted`, `malformed`; empty when nothing is."""
        need = PAGES.get(self.page, NONE)
        if not self.ins:
            return "absent" if need == REQUIRED else ""
        if self.page and need == NONE:
            return "unwanted"
        return "" if well_formed(self.ins) else "malformed"


def read(path: str) -> Address:
    """The address of this path (percent-encoded, without its query)."""
    page, _, rest = path.removeprefix(PREFIX).partition("/")
    if not path.startswith(PREFIX) or page not in PAGES:
        return Address(path)
    return Address(path, page, unquote(rest, errors="replace"))


def of(page: str, ins: str = "") -> str:
    """The path of a page."""
    return f"{PREFIX}{page}/{ins}" if ins else f"{PREFIX}{page}"


def named(text: str) -> bool:
    """Whether this text is an INS, alone or as the first component of an HL7 identifier."""
    return well_formed(text.partition("^")[0].strip())


def drawn(ins: str) -> bool:
    """Whether a well-formed INS may be of a test patient: order number from 700, as ours and INSi's are."""
    return int(ins[10:13]) >= FIRST_ORDER
