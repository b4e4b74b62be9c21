"""The pages in a real browser: the whole login, what a person presses, and nothing hostile that runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from simulators.core.identities import CORRESPONDANT, MEDECIN
from simulators.core.pki import Pki
from simulators.dmp.authorisations import State
from simulators.dmp.deposit import deposit
from simulators.stack import Stack, StackSettings

from ..conftest import START
from ..kit import Kit
from .chromium import CHROMIUM, browser

HOSTILE = "<img src=x onerror=\"document.title='RUN'\"></style></title><script>document.title='RUN'</script>"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"),
]


def test_a_professional_and_their_patient(test_pki: Pki, tmp_path: Path, kit: Kit) -> None:
    settings = StackSettings(seed=7, pki=test_pki.folder, clock_start=START)
    with Stack(settings) as stack, browser(tmp_path / "profile", "--accept-lang=fr") as tab:
        authorisations = stack.services.dmp.authorisations
        patient = stack.population.derive("browser", authorisation="NON_EXISTE")
        stack.population.register(replace(patient, birth_name=HOSTILE))
        unique_id = deposit(stack.services.dmp.state, patient, kit.cda(patient), stack.randomness)
        web, mes = stack.environment.dmp_web_url, stack.environment.mes_url
        home = f"{web}/AccesDirect/DossierPatient/{patient.ins.matricule}"
        documents = f"{web}/AccesDirect/Documents/{patient.ins.matricule}"
        space = f"{mes}/patients/{patient.ins.matricule}/patient"

        assert tab.open(documents).startswith(stack.services.psc.base_url)  # sent to log in
        assert tab.press(f"button[value={MEDECIN.user}]") == documents
        assert tab.press("button[value=authorise]") == home  # the confirmation window
        assert authorisations.of(patient, MEDECIN.id_nat, stack.clock.now()).state is State.VALID
        assert unique_id in tab.html
        assert (
            tab.run("getComputedStyle(document.querySelector('.simulated')).fontWeight") == "600"
        )  # its style holds

        assert tab.open(f"{space}/documents") == f"{space}/documents"
        assert tab.press("button[value=mask]") == f"{space}/documents?fait=mask"
        assert "Document masqué aux professionnels" in tab.html
        assert tab.press(f"a[href='/patients/{patient.ins.matricule}/patient/professionnels']")
        block = f"input[value='{CORRESPONDANT.id_nat}'] ~ button[value=block]"
        assert tab.press(block) == f"{space}/professionnels?fait=block"
        assert authorisations.of(patient, CORRESPONDANT.id_nat, stack.clock.now()).state is State.BLOCKED

        for url in (home, f"{space}/accueil", f"{space}/acces", mes):
            tab.open(url)
            assert tab.run("document.title").endswith("segur-bench")
            assert tab.run("document.images.length + document.scripts.length") == 0
            assert HOSTILE[:10] in tab.run("document.body.innerText")
        tab.run("document.activeElement.blur()")
        tab.ask("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        assert tab.run("document.activeElement.className") == "skip"  # the keyboard finds the way first

        assert tab.open(f"{home}?lang=en") and "The last 5 documents added" in tab.html
        assert tab.press("form[action^='/connexion/fin'] button") == f"{web}/connexion/fin?lang=en"
        assert tab.open(home).startswith(stack.services.psc.base_url)  # the session has ended
        findings = [one for item in stack.journal.exchanges() for one in stack.journal.findings(item)]
        assert findings == []
        assert stack.journal.bench_errors == []
