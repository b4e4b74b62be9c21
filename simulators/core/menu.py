"""The menu of faults as data: kinds, parameters, where each makes sense. Words: `fault.<kind>`."""

from collections.abc import Mapping
from dataclasses import dataclass

from . import faults
from .certificates import CERTIFICATES

LABEL = "[bench]"


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter. The first of a kind may be given without its name.

    `values`: what it may be (empty: anything). `labelled`: other values too, when they begin with `[bench]`.
    """

    name: str
    default: str = ""
    values: tuple[str, ...] = ()
    number: bool = False
    labelled: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault. `done`: the call is carried out all the same. `transactions`: all when empty."""

    name: str
    done: bool
    params: tuple[Param, ...] = ()
    transactions: tuple[str, ...] = ()


HTTP: tuple[Kind, ...] = (
    Kind(
        faults.SLOW,
        True,
        (
            Param("seconds", "5", number=True),
            Param("jitter", "0", number=True),
            Param("seed", "0", number=True),
        ),
    ),
    Kind(
        faults.SLOW_BODY,
        True,
        (Param("seconds", "5", number=True), Param("pieces", "10", number=True)),
    ),
    Kind(faults.SERVER_ERROR, False),
    Kind(faults.BAD_GATEWAY, False),
    Kind(faults.UNAVAILABLE, False),
    Kind(faults.GATEWAY_TIMEOUT, False),
    Kind(faults.CLOSED, False),
    Kind(faults.CUT_AFTER_COMMIT, True),
    Kind(faults.CUT_IN_BODY, True),
    Kind(faults.MALFORMED, True),
    Kind(faults.WRONG_CONTENT_TYPE, True),
    Kind(faults.NOT_XML, True),
    Kind(faults.EMPTY, True),
)
HANDSHAKE: tuple[Kind, ...] = (
    Kind(
        faults.BAD_CERTIFICATE,
        False,
        (Param("kind", "expired", tuple(CERTIFICATES)),),
        (faults.TLS,),
    ),
)
GENERIC: Mapping[str, Kind] = {kind.name: kind for kind in HTTP + HANDSHAKE}
