"""What a user can ask: the actions of the contract, by name."""

from collections.abc import Mapping

from ..software import Action
from . import (
    consent,
    directory,
    dmp,
    feeding,
    mail,
    opening,
    patient,
    pharmacy,
    prescription,
    reading,
    rights,
    session,
    web,
)
from .interface import export
from .update import update

ACTIONS: Mapping[str, Action] = {
    "session.login": session.login,
    "session.status": session.status,
    "session.logout": session.logout,
    "patient.record": patient.record,
    "identity.search": patient.search,
    "patient.open": opening.open_file,
    "patient.consent": consent.consent,
    "dmp.status": dmp.status,
    "dmp.authorise": dmp.authorise,
    "dmp.patients": rights.patients,
    "dmp.find": rights.find,
    "dmp.record": rights.record,
    "dmp.professionals": rights.professionals,
    "dmp.traces": rights.traces,
    "dmp.web": web.link,
    "document.submit": dmp.submit,
    "document.search": dmp.search,
    "document.retrieve": dmp.retrieve,
    "document.record": feeding.record,
    "document.validate": feeding.validate,
    "document.feed": feeding.feed,
    "document.backlog": feeding.backlog,
    "document.resend": feeding.resend,
    "document.history": feeding.history,
    "document.forward": feeding.forward,
    "dmp.indicators": feeding.indicators,
    "document.integrate": reading.integrate,
    "document.preload": reading.preload,
    "prescription.create": prescription.create,
    "prescription.retry": prescription.retry,
    "prescription.cancel": prescription.cancel,
    "prescription.execution": prescription.execution,
    "prescription.scan": pharmacy.scan,
    "prescription.dispense": pharmacy.dispense,
    "mail.send": mail.send,
    "mail.fetch": mail.fetch,
    "directory.search": directory.search,
    "document.update": update,
    "interface.export": export,
}
