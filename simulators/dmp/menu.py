"""The faults of the DMP's own kinds, as data. What they do: `faults`, `spoil`."""

from simulators.core.menu import Kind, Param

from . import faults
from .codes import CODES, WSA_CODES
from .routes import REMOVED

HL7 = ("TD0.2", "TD0.5", "TD1.1", "TD1.2", "TD1.3a", "TD1.3b", "TD1.4")
STATUS = ("TD0.3", "TD0.4", "TD1.6")
FEEDS = ("TD2.1", "TD2.2")  # by a professional or a structure, by an employee's card
REGISTRY = (*FEEDS, "TD3.1", "TD3.2", "TD3.3")
TRANSACTIONS = (*HL7, *STATUS, *REGISTRY, *(name for _, name in REMOVED))  # as a call is identified
WEB_CALLS = ("TD0.9", "TD0.10")  # of the pages, another service: it only has the faults of HTTP
ABOUT_A_PATIENT = ("TD0.2", "TD0.3", "TD1.3a", "TD1.6", *REGISTRY)


def _code(default: str) -> Param:
    return Param("code", default, CODES, labelled=True)


_TEXT = Param("text")
KINDS: tuple[Kind, ...] = (
    Kind(
        faults.SOAP_FAULT,
        False,
        (
            Param("code", "", CODES + WSA_CODES, labelled=True),
            _TEXT,
            Param("soap_code", "Receiver", faults.SOAP_CODES),
        ),
    ),
    Kind(faults.REGISTRY_ERROR, False, (_code("XDSRegistryError"), _TEXT)),
    Kind(
        faults.HL7_ERROR,
        False,
        (_code("XDSRegistryError"), Param("ack", "AE", ("AE", "AR")), _TEXT),
        HL7,
    ),
    Kind(faults.STATUS_ERROR, False, (_code("DMPAccessDeniedByRightsService"), _TEXT), STATUS),
    Kind(faults.VIHF_EXPIRED, False),
    Kind(faults.INVALID_CERTIFICATE, False),
    Kind(faults.RIGHTS_DENIED, False),
    Kind(
        faults.DUPLICATE,
        False,
        (Param("content", "same", ("same", "other")),),
        FEEDS,
    ),
    Kind(faults.WRONG_VERSION, False, (), ("TD3.3",)),
    Kind(faults.PARTIAL_SUCCESS, True, (_code("XDSRegistryError"),), ("TD3.1", "TD3.2")),
    Kind(faults.WARNING, True, (_code("XDSExtraMetadataNotSaved"),), REGISTRY),
    Kind(faults.PATIENT_UNKNOWN, False, (), ABOUT_A_PATIENT),
    Kind(faults.PATIENT_CLOSED, False, (), ABOUT_A_PATIENT),
    Kind(
        faults.AUTHORISATION,
        False,
        (Param("state", "INTERDIT", ("INTERDIT", "EXPIRE", "NON_EXISTE")),),
        ABOUT_A_PATIENT,
    ),
    Kind(
        faults.OPPOSITION,
        False,
        (Param("to", "all", ("all", "regulation", "glass")),),
        ABOUT_A_PATIENT,
    ),
    Kind(
        faults.WRONG_MULTIPART,
        True,
        (Param("how", "missing-root", faults.MULTIPART_WAYS),),
        (*FEEDS, "TD3.2"),
    ),
    Kind(faults.WRONG_SOAP_VERSION, True),
)
