"""For each rule of a scenario, a case and what a wrong software would have done there."""

from . import (
    wrong_directory,
    wrong_dmp,
    wrong_dmp_consult,
    wrong_dmp_feeding,
    wrong_dmp_platform,
    wrong_dmp_update,
    wrong_dmp_users,
    wrong_dmp_web,
    wrong_identity,
    wrong_login,
    wrong_mail,
    wrong_prescription,
)
from .example import Example

EXAMPLES: tuple[Example, ...] = (
    *wrong_directory.EXAMPLES,
    *wrong_dmp.EXAMPLES,
    *wrong_dmp_feeding.EXAMPLES,
    *wrong_dmp_consult.EXAMPLES,
    *wrong_dmp_platform.EXAMPLES,
    *wrong_dmp_update.EXAMPLES,
    *wrong_dmp_users.EXAMPLES,
    *wrong_dmp_web.EXAMPLES,
    *wrong_prescription.EXAMPLES,
    *wrong_identity.EXAMPLES,
    *wrong_mail.EXAMPLES,
    *wrong_login.EXAMPLES,
)
