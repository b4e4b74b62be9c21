"""An independent SOAP client (zeep), with a WSDL, over mutual TLS."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from simulators.cnam.insi import InsiService
from simulators.core.random import Randomness
from simulators.core.service import Service

from .conftest import Hosted, Search

zeep: Any = pytest.importorskip("zeep")


@pytest.fixture
def ask(
    host: Callable[[Service], Hosted], insi_service: InsiService, search: Search, randomness: Randomness
) -> Callable[..., Any]:
    """Call through zeep, with the context headers of our own writer."""
    hosted = host(insi_service)
    transport = zeep.Transport(session=hosted.client("cabinet-insi"))
    client = zeep.Client(str(Path(__file__).with_name("insi.wsdl")), transport=transport)
    service = client.create_service("{http://www.cnamts.fr/webservice}ICIRBinding", f"{hosted.url}/lps")

    def run(name: str, given: list[str], sex: str, born: str, **more: Any) -> Any:
        envelope = etree.fromstring(search("X", "X", "F", "2000-01-01", **more))
        headers = [item for item in envelope[0] if "ctx" in str(item.tag)]
        return service.rechercherInsAvecTraitsIdentite(
            NomNaissance=name, Prenom=given, Sexe=sex, DateNaissance=born, _soapheaders=headers
        )

    return run


def test_codes_and_history(ask: Callable[..., Any], insi_service: InsiService) -> None:
    answer = ask("ECETINSI", ["PIERRE-ALAIN"], "M", "2009-07-14")
    assert answer.CR.CodeCR == "00"
    assert answer.INDIVIDU.INSACTIF.IdIndividu.NumIdentifiant == "1090763220834"
    assert [item.DateFin for item in answer.INDIVIDU.INSHISTO] == ["2019-02-28"]
    assert answer.INDIVIDU.TIQ.DateNaissance.year == 2009
    assert ask("TCHITCHI", ["CATARINA", "BELLA"], "F", "1936-06-21").CR.CodeCR == "00"
    assert ask("DE VINCI", ["LEONARDO"], "M", "2014-02-01").CR.LibelleCR == "Plusieurs identites trouvees"
    assert ask("INCONNUE", ["ZOE"], "F", "1975-12-31").INDIVIDU is None


def test_typed_fault(ask: Callable[..., Any]) -> None:
    with pytest.raises(zeep.exceptions.Fault) as fault:
        ask("ADRUN", ["ZOE"], "F", "1975-12-31", idam="FAKE-IDAM")
    assert fault.value.detail[0].get("code") == "desir_550"
    assert fault.value.subcodes[0].localname == "siram_100"
