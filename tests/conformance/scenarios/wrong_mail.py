"""What a wrong software does with the mailbox, rule by rule."""

from simulators.core.identities import CORRESPONDANT

from .changes import last_patient, more, says, sends, silent, without
from .example import OTHER_INS, Example

EXAMPLES = (
    Example("SCN-MSS-ENVOI", "MSS-ENV-04[fin]", "aucun courriel ne part", without("SMTP.message")),
    Example("SCN-MSS-ENVOI", "MSS-ENV-01[lettre]", "aucun courriel ne part", without("SMTP.message")),
    Example(
        "SCN-MSS-ENVOI",
        "MSS-ENV-01[vsm]",
        "le courriel part ailleurs",
        sends("SMTP.message", {"accepted_recipients": [CORRESPONDANT.mailbox]}),
    ),
    Example("SCN-MSS-ENVOI-PS", "MSS-ENV-02[lettre]", "aucun courriel ne part", without("SMTP.message")),
    Example("SCN-MSS-ENVOI-SIMPLE", "MSS-ENV-03", "aucun courriel ne part", without("SMTP.message")),
    Example(
        "SCN-MSS-FIN", "MSS-ENV-04[fin]", "FIN manque", sends("SMTP.message", {"headers.X-MSS-MES": None})
    ),
    Example(
        "SCN-MSS-FIN",
        "MSS-ENV-04[reponse-permise]",
        "FIN est de trop",
        sends("SMTP.message", {"headers.X-MSS-MES": "FIN"}),
    ),
    Example(
        "SCN-MSS-DSN",
        "MSS-ENV-05[delivery]",
        "l'accusé n'est pas demandé",
        sends("SMTP.message", {"headers.Return-Receipt-To": ""}),
    ),
    Example(
        "SCN-MSS-MDN",
        "MSS-ENV-05[read]",
        "l'accusé n'est pas demandé",
        sends("SMTP.message", {"headers.Disposition-Notification-To": ""}),
    ),
    Example(
        "SCN-MSS-REPONSE",
        "MSS-ENV-06",
        "References manque",
        sends("SMTP.message", {"headers.References": ""}),
    ),
    Example("SCN-MSS-HORS-ESPACE-DIT", "MSS-ENV-07", "rien n'est dit", silent("mail.send")),
    Example(
        "SCN-MSS-HORS-ESPACE-RENVOI",
        "MSS-ENV-07",
        "le courriel est renvoyé trois fois",
        more("SMTP.message", nth=-1, times=3),
    ),
    Example(
        "SCN-MSS-NON-QUALIFIE",
        "MSS-ENV-08[VALIDEE]",
        "le courriel part",
        more("SMTP.message", during="mail.send"),
    ),
    Example("SCN-MSS-NON-QUALIFIE-DIT", "MSS-ENV-08[VALIDEE]", "rien n'est dit", silent("mail.send")),
    Example("SCN-MSS-BAL-FERMEE-DIT", "MSS-ENV-09[ferme]", "rien n'est dit", silent("mail.send")),
    Example("SCN-MSS-BAL-INCONNUE-DIT", "MSS-ENV-09[absent]", "rien n'est dit", silent("mail.send")),
    Example(
        "SCN-MSS-COUPURE",
        "MSS-ENV-10",
        "un second courriel est accepté",
        more("SMTP.message", {"message_id": "<autre@essai.mssante.fr>"}),
    ),
    Example(
        "SCN-MSS-SANS-STARTTLS",
        "MSS-TLS-01[no-starttls]",
        "l'authentification a lieu",
        sends("SMTP.session", {"mechanism": "XOAUTH2"}),
    ),
    Example("SCN-MSS-CERT-EXPIRE", "MSS-TLS-01[expired-certificate]", "rien n'est dit", silent("mail.send")),
    Example(
        "SCN-MSS-CERT-NOM",
        "MSS-TLS-01[wrong-host]",
        "le courriel part",
        more("SMTP.message", during="mail.send"),
    ),
    Example(
        "SCN-MSS-CERT-AUTORITE",
        "MSS-TLS-01[unknown-authority]",
        "l'authentification a lieu",
        sends("SMTP.session", {"mechanism": "XOAUTH2"}),
    ),
    Example(
        "SCN-MSS-AUTH-REFUSEE",
        "MSS-SES-01",
        "les essais continuent",
        more("SMTP.session", times=3, during="mail.send"),
    ),
    Example("SCN-MSS-AUTH-REFUSEE-DITE", "MSS-SES-01", "rien n'est dit", silent("mail.send")),
    Example(
        "SCN-MSS-AUTH-REFUSEE-SEULE",
        "MSS-SES-01",
        "aucun patient ne peut plus être enregistré",
        says("patient.record", outcome="failed"),
    ),
    Example(
        "SCN-MSS-RECONNEXION",
        "MSS-SES-02",
        "la session n'est pas rouverte",
        says("mail.fetch", outcome="failed"),
    ),
    Example(
        "SCN-MSS-RECONNEXION",
        "MSS-SES-02",
        "rien n'est relevé",
        without("IMAP.AUTHENTICATE", nth=-1),
    ),
    Example("SCN-MSS-LECTURE", "MSS-REC-01", "rien n'est montré", says("mail.fetch", {"messages": []})),
    Example("SCN-MSS-LECTURE", "MSS-REC-01", "le courriel n'est pas lu", without("IMAP.FETCH")),
    Example(
        "SCN-MSS-REPERAGE",
        "MSS-REC-01",
        "l'archive n'est pas reconnue",
        says("mail.fetch", {"messages.*.xdm": False}),
    ),
    Example(
        "SCN-MSS-CLASSEMENT",
        "MSS-REC-01",
        "le document n'est pas classé",
        says("mail.fetch", {"messages.*.documents.*.integrated": False}),
    ),
    Example(
        "SCN-MSS-CLASSEMENT",
        "PARCOURS-01",
        "le document est classé chez un autre",
        says("mail.fetch", {"messages.*.documents.*.patient": OTHER_INS["matricule"]}),
    ),
    Example(
        "SCN-MSS-AUTRE-PATIENT",
        "MSS-REC-02",
        "tout est classé chez le patient du courriel",
        says(
            "mail.fetch",
            {
                "messages.*.documents.*.integrated": True,
                "messages.*.documents.*.patient": last_patient,
            },
        ),
    ),
    Example(
        "SCN-MSS-ARCHIVE-DOUTEUSE",
        "MSS-REC-03[hash-mismatch]",
        "le document est classé",
        says("mail.fetch", {"messages.*.documents.*.integrated": True}),
    ),
    Example(
        "SCN-MSS-ARCHIVE-DOUTEUSE-DIT",
        "MSS-REC-03[corrupt-zip]",
        "rien n'est dit",
        says("mail.fetch", {"messages.*.documents.*.reason": None}, shows=()),
    ),
    Example(
        "SCN-MSS-RECU-DEUX-FOIS",
        "MSS-REC-04",
        "le document est classé deux fois",
        says("mail.fetch", {"messages.*.documents.*.integrated": True}),
    ),
    Example(
        "SCN-MSS-CATEGORIE",
        "MSS-REC-05",
        "tous passent pour des professionnels",
        says("mail.fetch", {"messages.*.category": "professional"}),
    ),
)
