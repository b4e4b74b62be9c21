"""Annuaire Santé: FHIR R4 v2 search of professionals and organisations by name, number and mailbox."""
