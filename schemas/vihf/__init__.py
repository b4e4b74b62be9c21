"""VIHF: the signed SAML 2.0 assertion that carries a professional's identity to the DMP.

Sources: CI-SIS "volet transport synchrone", DMP integration guide (SEL-MP-037), ANS HL7v2 guide (mapping of
the VIHF). `build` writes and signs, `codec` reads, `signature` verifies, `certificates` checks signers,
`rules` judges.
"""

from .build import assertion_xml, build
from .codec import VihfRefused, find, read
from .model import AIR, DIRECT, INDIRECT, Role, Vihf, VihfRequest

__all__ = [
    "AIR",
    "DIRECT",
    "INDIRECT",
    "Role",
    "Vihf",
    "VihfRefused",
    "VihfRequest",
    "assertion_xml",
    "build",
    "find",
    "read",
]
