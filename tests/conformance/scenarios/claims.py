"""For each requirement that a scenario claims by its traffic alone, a case and a wrong software."""

from dataclasses import dataclass

from .changes import Change, archives, more, rewrites, sends


@dataclass(frozen=True, slots=True)
class Claim:
    """`wrong`: what the software does in this case, so that the requirement must fail."""

    requirement: str
    case: str
    wrong: str
    change: Change


FEED, MAIL, PLAIN = "DMP-ALIM-01[lettre]", "MSS-ENV-01[lettre]", "MSS-ENV-03"
NO_MESSAGE_ID = rewrites("SMTP.message", r"Message-ID: [^\r\n]+\r?\n", "")
OTHER_NIL = rewrites("SMTP.message", "X-MSS-NIL: BANC", "X-MSS-NIL: AUTRE")

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "DMP/CONF.10",
        FEED,
        "le VIHF désigne une autre ressource",
        rewrites("TD2.1", ">urn:dmp<", ">urn:mss<"),
    ),
    Claim(
        "DMP/CONF.10",
        "DMP-CONS-03",
        "le VIHF désigne une autre ressource",
        rewrites("TD3.2", ">urn:dmp<", ">urn:mss<"),
    ),
    Claim(
        "DMP/UX.49",
        "DMP-WEB-01[TableauDeBord-card]",
        "le chemin n'est pas publié",
        rewrites("TD0.9", "/AccesDirect/TableauDeBord", "/AccesDirect/tableaudebord"),
    ),
    Claim(
        "DMP/UX.49",
        "DMP-WEB-01[DossierPatient-login]",
        "l'INS est un paramètre de la requête",
        rewrites("WEB.login", r"/DossierPatient/(\w+)", r"/DossierPatient?ins=\1"),
    ),
    Claim(
        "BEN-CDA-03",
        FEED,
        "la classe n'est pas celle du type",
        rewrites("TD2.1", 'nodeRepresentation="10"', 'nodeRepresentation="11"'),
    ),
    Claim(
        "EX_2.1-1260",
        FEED,
        "un document est en base64 dans le message",
        rewrites("TD2.1", "<xop:Include[^>]+/>", "PENsaW5pY2FsRG9jdW1lbnQvPg=="),
    ),
    Claim(
        "EX_2.1-1140",
        FEED,
        "l'auteur est d'une autre structure",
        rewrites(
            "TD2.1", r'(authorInstitution"><rim:ValueList><rim:Value>[^<]+\^)4997001000', r"\g<1>4997009999"
        ),
    ),
    Claim("BEN-DMP-06", FEED, "le type n'est pas celui du CDA", rewrites("TD2.1", "11488-4", "11506-3")),
    Claim(
        "BEN-DMP-07",
        FEED,
        "l'empreinte est fausse",
        rewrites("TD2.1", '("hash"><rim:ValueList><rim:Value>).{8}', r"\g<1>00000000"),
    ),
    Claim(
        "BEN-DMP-13",
        FEED,
        "la signature du VIHF est fausse",
        rewrites("TD2.1", "(SignatureValue>).{8}", r"\g<1>AAAAAAAA"),
    ),
    Claim(
        "BEN-DMP-12",
        "DMP-CONS-01",
        "le VIHF est d'une autre année",
        rewrites("TD3.1", 'IssueInstant="20', 'IssueInstant="19'),
    ),
    Claim(
        "BEN-CDA-06",
        MAIL,
        "l'empreinte n'est pas celle du document archivé",
        archives(r'(name="hash">\s*<(?:rim:)?ValueList>\s*<(?:rim:)?Value>).{8}', r"\g<1>00000000"),
    ),
    Claim(
        "EX_2.1-1071",
        "DMP-AUTO-01[lettre]",
        "le CDA n'a pas de realmCode",
        rewrites("TD2.1", '<realmCode code="FR"/>', ""),
    ),
    Claim(
        "EX_2.1-1115",
        "DMP-AUTO-07",
        "la feuille de style contient un script",
        rewrites("TD2.1", "</body>", "<script>go()</script></body>"),
    ),
    Claim(
        "SC.MSS/CONF.01",
        MAIL,
        "TLS 1.1 est proposé",
        more("SMTP.message", {"tls_reason": "UNSUPPORTED_PROTOCOL"}, called="SMTP.session"),
    ),
    Claim(
        "SC.MSS/CONF.05",
        MAIL,
        "l'envoi commence en clair",
        sends("SMTP.message", {"clear_commands": ["MAIL"]}),
    ),
    Claim(
        "SC.MSS/CONF.07",
        MAIL,
        "le jeton est celui d'un autre",
        sends("SMTP.message", {"attempts.0.problem": "not-entitled"}),
    ),
    Claim(
        "SC.MSS/CONF.14",
        MAIL,
        "l'en-tête nie l'INS de l'archive",
        rewrites("SMTP.message", "X-MSS-INS: O", "X-MSS-INS: N"),
    ),
    Claim(
        "SC.MSS/CONF.15",
        MAIL,
        "l'en-tête annonce un autre document",
        rewrites("SMTP.message", "X-MSS-CODECDA: 11488-4", "X-MSS-CODECDA: 11502-2"),
    ),
    Claim("SC.MSS/CONF.16", MAIL, "la référence est celle d'un autre produit", OTHER_NIL),
    Claim("SC.MSS/CONF.16", "MSS-ENV-02[lettre]", "la référence est celle d'un autre produit", OTHER_NIL),
    Claim("SC.MSS/CONF.16", PLAIN, "la référence est celle d'un autre produit", OTHER_NIL),
    Claim(
        "MSS/CONF.23",
        MAIL,
        "l'archive a un autre nom",
        rewrites("SMTP.message", "IHE_XDM.zip", "documents.zip"),
    ),
    Claim(
        "MSS/CONF.25",
        MAIL,
        "l'objet n'a pas le préfixe",
        rewrites("SMTP.message", r"Subject: XDM/1.0/DDM\+", "Subject: "),
    ),
    Claim(
        "MSS/va1.11",
        MAIL,
        "le corps n'est qu'en HTML",
        rewrites("SMTP.message", "Content-Type: text/plain", "Content-Type: text/html"),
    ),
    Claim("MSS/va1.12", MAIL, "le courriel n'a pas d'identifiant", NO_MESSAGE_ID),
    Claim("MSS/va1.12", "MSS-ENV-02[lettre]", "le courriel n'a pas d'identifiant", NO_MESSAGE_ID),
    Claim("MSS/va1.12", PLAIN, "le courriel n'a pas d'identifiant", NO_MESSAGE_ID),
    Claim(
        "MSS/va1.16",
        MAIL,
        "l'expéditeur n'a pas de libellé",
        rewrites("SMTP.message", r'From: "[^"]+"\s+', "From: "),
    ),
    Claim(
        "ECO.2.1.6",
        MAIL,
        "le PDF est mal nommé",
        rewrites("SMTP.message", r'filename="[^"]+\.pdf"', 'filename="document.pdf"'),
    ),
    Claim(
        "ECO.2.2.3",
        PLAIN,
        "le texte n'est pas en UTF-8",
        rewrites("SMTP.message", "charset=UTF-8", "charset=ISO-8859-1"),
    ),
    Claim(
        "PSC.08",
        "PSC-01[medecin]",
        "le niveau n'est pas demandé",
        rewrites("PSC.authorize", "acr_values=", "acr="),
    ),
)
