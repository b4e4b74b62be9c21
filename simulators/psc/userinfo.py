"""The userinfo claims of a professional, in the public layout (spelling traps included)."""

from typing import Any

from simulators.core.identities import Professional

from .tokens import subject

ORDERS = {"10": "CNOM", "21": "CNOP", "50": "CNOSF", "60": "CNOI"}  # who registers a profession (TRE_G15)


def userinfo(person: Professional) -> dict[str, Any]:
    """Claims returned by the userinfo endpoint. Every name and address is synthetic."""
    structure = person.structure
    pharmacist = person.profession == "21"
    finess = structure.id_nat[1:] if structure.id_nat.startswith("1") else ""
    activity = {
        "codeModeExercice": "L",
        "codeSecteurDactivite": structure.sector,
        "codeSectionPharmacien": person.speciality if pharmacist else "",
        "codeRole": "",
        "codeGenreActivite": "GENR01",
        "numeroSiretSite": "",
        "numeroSirenSite": "",
        "numeroFinessSite": finess,
        "numeroFinessetablissementJuridique": "",
        "identifiantTechniqueDeLaStructure": structure.id_nat,
        "raisonSocialeSite": structure.name,
        "enseigneCommercialeSite": "",
        "complementDestinataire": "",
        "complementPointGeographique": "",
        "numeroVoie": "1",
        "indiceRepetitionVoie": "",
        "codeTypeDeVoie": "R",
        "libelleVoie": "DU BANC",
        "mentionDistribution": "",
        "bureauCedex": "",
        "codePostal": "75001",
        "codeCommune": "75101",
        "codePays": "99000",
        "telephone": "",
        "telephone2": "",
        "telecopie": "",
        "adresseEMail": "",
        "codeDepartement": "",
        "ancienIdentifiantDeLaStructure": "",
        "autoriteDenregistrement": "/".join([ORDERS[person.profession]] * 3),
    }
    exercise = {
        "codeProfession": person.profession,
        "codeCategorieProfessionnelle": "C",
        "codeCiviliteDexercice": "DR" if person.profession == "10" else "",
        "nomDexercice": person.family,
        "prenomDexercice": person.given,
        "codeTypeSavoirFaire": "" if pharmacist or not person.speciality else "S",
        "codeSavoirFaire": "" if pharmacist else person.speciality,
        "activities": [activity],
    }
    return {
        "Secteur_Activite": f"{structure.sector}^1.2.250.1.71.4.2.4",
        "sub": subject(person),
        "SubjectOrganization": structure.name,
        "SubjectOrganizationID": structure.id_nat,
        "Mode_Acces_Raison": "",
        "preferred_username": person.id_nat,
        "given_name": person.given,
        "family_name": person.family,
        "Acces_Regulation_Medicale": "FAUX",
        "UITVersion": "1.0",
        "Palier_Authentification": "APPPRIP3^1.2.250.1.213.1.5.1.1.1",
        "SubjectRefPro": {"codeCivilite": person.civility, "exercices": [exercise]},
        "SubjectRole": [f"{person.profession}^1.2.250.1.213.1.1.5.5"],
        "PSI_Locale": "1.2.250.1.213.1.3.1.1",
        "otherIds": [{"identifiant": person.id_nat, "origine": "RPPS", "qualite": 1}],
        "SubjectNameID": person.id_nat,
    }
