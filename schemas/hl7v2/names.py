"""Codes of the messages that a software sends to the integration platform (PFI).

Known: ANS, volet « Transmission d'un document CDA R2 en HL7 v2 », 2.1.2 (message types, MSH-17, -18, -21,
OBX, table MetaDMPMSS). Our own reading, where no public text gives the fields: `ZFA_STATES`, `SENT_BY` as the
bearer of the identifiers for the VIHF.
"""

from schemas.xds import names as xds

COUNTRY = "FRA"  # MSH-17
ENCODINGS = ("UNICODE UTF-8", "8859/15")  # MSH-18
PROFILE = "2.1^CISIS_CDA_HL7_V2"  # MSH-21
STRUCTURES = {"ORU^R01^ORU_R01": "2.5", "MDM^T02^MDM_T02": "2.6"}  # MSH-9: MSH-12
CODED = {"ORU": "CE", "MDM": "CWE"}  # type of a coded OBX
META = "MetaDMPMSS"  # coding system of the flags
YES_NO = "expandedYes-NoIndicator"  # table 0136
DESTDMP = "DESTDMP"
FLAGS = {  # flag of HL7 v2 → code of the XDS metadata
    "MASQUE_PS": xds.MASQUE_PS,
    "INVISIBLE_PATIENT": xds.INVISIBLE_PATIENT,
    "INVISIBLE_REP_LEGAUX": xds.INVISIBLE_REPRESENTANTS,
}
META_CODES = frozenset(
    {
        *FLAGS,
        "CONNEXION_SECRETE",
        "MODIF_CONF_CODE",
        DESTDMP,
        "DESTMSSANTEPS",
        "DESTMSSANTEPAT",
        "ACK_RECEPTION",
        "ACK_LECTURE_MSS",
        "CORPSMAIL_PS",
        "CORPSMAIL_PATIENT",
    }
)
EXPECTED = (*FLAGS, DESTDMP)  # flags that say how the DMP is to be fed
LOINC = "LN"
LOCAL_CODES = "TRE_A05"
SENT_BY = "SB"  # PRT-4

ZFA_STATES = ("ACTIF", "FERME", "INEXISTANT")  # ZFA-1: our own reading
