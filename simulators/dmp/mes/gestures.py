"""What the patient may do, by name: from the fields of a form, or of a JSON object, to the space."""

from collections.abc import Callable, Mapping
from typing import Any

from schemas import safe
from simulators.core.population import Patient

from ..rows import Held
from . import errors
from .space import Space

DOCUMENTS, PEOPLE, SETTINGS = "documents", "professionnels", "reglages"  # pages

Asked = Mapping[str, Any]
Gesture = Callable[[Space, Patient, str, Asked], object]  # space, patient, onlooker, fields


def _text(asked: Asked, name: str) -> str:
    value = asked.get(name, "")
    if not isinstance(value, str):
        raise errors.bad_input(f"{name} : un texte est attendu")
    return safe.visible(value)  # JSON may hold what neither XML nor the registry can


def _flag(asked: Asked) -> bool:
    value = asked.get("value")
    if not isinstance(value, bool) and value not in ("0", "1"):
        raise errors.bad_input("value : true ou false est attendu")
    return value in (True, "1")


def _block(space: Space, patient: Patient, who: str, asked: Asked) -> object:
    return space.block(patient, _text(asked, "professional"))


def _unblock(space: Space, patient: Patient, who: str, asked: Asked) -> object:
    return space.unblock(patient, _text(asked, "professional"))


def _oppose(space: Space, patient: Patient, who: str, asked: Asked) -> object:
    return space.oppose(patient, _text(asked, "purpose"), _flag(asked))


def _consent(space: Space, patient: Patient, who: str, asked: Asked) -> object:
    return space.consent(patient, _flag(asked))


def _close(space: Space, patient: Patient, who: str, asked: Asked) -> object:
    return space.close(patient, _text(asked, "reason"))


def _document(act: Callable[[Space, Patient, str, str], Held]) -> Gesture:
    return lambda space, patient, who, asked: act(space, patient, _text(asked, "document"), who)


GESTURES: Mapping[str, tuple[Gesture, str]] = {  # what is done, and the page to go back to
    "block": (_block, PEOPLE),
    "unblock": (_unblock, PEOPLE),
    "mask": (_document(Space.mask), DOCUMENTS),
    "unmask": (_document(Space.unmask), DOCUMENTS),
    "archive": (_document(Space.archive), DOCUMENTS),
    "unarchive": (_document(Space.unarchive), DOCUMENTS),
    "delete": (_document(Space.delete), DOCUMENTS),
    "oppose": (_oppose, SETTINGS),
    "consent": (_consent, SETTINGS),
    "close": (_close, SETTINGS),
}
