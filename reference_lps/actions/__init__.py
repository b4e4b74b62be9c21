"""What a user can ask: the actions of the contract, by name."""

from collections.abc import Mapping

from ..software import Action
from . import directory, dmp, feeding, mail, patient, pharmacy, prescription, session
from .interface import export
from .update import update

ACTIONS: Mapping[str, Action] = {
    "session.login": session.login,
    "session.status": session.status,
    "session.logout": session.logout,
    "patient.record": patient.record,
    "identity.search": patient.search,
    "dmp.status": dmp.status,
    "dmp.authorise": dmp.authorise,
    "document.submit": dmp.submit,
    "document.search": dmp.search,
    "document.retrieve": dmp.retrieve,
    "patient.consent": feeding.consent,
    "document.record": feeding.record,
    "document.validate": feeding.validate,
    "document.feed": feeding.feed,
    "document.backlog": feeding.backlog,
    "document.resend": feeding.resend,
    "document.history": feeding.history,
    "document.forward": feeding.forward,
    "dmp.indicators": feeding.indicators,
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
