"""Annuaire Santé: finding the address of a correspondent."""

from conformance.engine.bench import Bench
from conformance.engine.scenario import scenario
from schemas.finding import RuleSet
from simulators.core.identities import CORRESPONDANT

RULES: RuleSet[None] = RuleSet("scenarios.annuaire")
FOUND = RULES.declare("SCN-ANN-TROUVE", requirements=["ANN/va1.05"])
QUERY = RULES.declare("SCN-ANN-REQUETE", requirements=["SC.MSS/CONF.20"])
PAGES = RULES.declare("SCN-ANN-PAGES", requirements=["BEN-ANN-03"])
KEY = RULES.declare("SCN-ANN-CLE", requirements=["BEN-ANN-04"])
DOWN_TOLD = RULES.declare("SCN-ANN-PANNE", requirements=["BEN-ANN-01"])

NEEDS = ["directory.search"]


@scenario("ANN-01", theme="ANNUAIRE", proves=["ANN/va1.05", "SC.MSS/CONF.20", "BEN-ANN-04"], needs=NEEDS)
def test_by_name(bench: Bench) -> None:
    """A correspondent searched by name is found with the MSSanté address."""
    results = bench.do("directory.search", name=CORRESPONDANT.family).data["results"]
    seen = bench.expect("annuaire", "ANN.search", rule=QUERY)
    bench.check(
        KEY, seen.accepted, where=seen.id, observed=seen.facts.get("reason", ""), expected="ESANTE-API-KEY"
    )
    addresses = [address for result in results for address in result["mailboxes"]]
    bench.check(FOUND, CORRESPONDANT.mailbox in addresses, observed=addresses, expected=CORRESPONDANT.mailbox)


@scenario("ANN-02", theme="ANNUAIRE", proves=["ANN/va1.05", "SC.MSS/CONF.20"], needs=NEEDS)
def test_by_mailbox(bench: Bench) -> None:
    """A correspondent searched by address is found with the RPPS number."""
    results = bench.do("directory.search", mailbox=CORRESPONDANT.mailbox).data["results"]
    bench.expect("annuaire", "ANN.search", rule=QUERY)
    numbers = [result.get("rpps") for result in results]
    bench.check(
        FOUND,
        any(number and number.endswith(CORRESPONDANT.rpps) for number in numbers),
        observed=numbers,
        expected=CORRESPONDANT.rpps,
    )


@scenario("ANN-03", theme="ANNUAIRE", proves=["BEN-ANN-03"], needs=NEEDS)
def test_pages(bench: Bench) -> None:
    """More results than a page holds: the following pages are fetched."""
    results = bench.do("directory.search", mailbox="mssante.fr").data["results"]
    first = bench.expect("annuaire", "ANN.search")
    total = first.facts["total"]
    pages = len(bench.seen("annuaire", "ANN.search"))
    bench.check(PAGES, pages > 1, where=first.id, observed=f"{pages} page", expected=f"{total} résultats")
    bench.check(PAGES, len(results) >= total, observed=len(results), expected=total)


@scenario("ANN-04", theme="ANNUAIRE", proves=["BEN-ANN-01"], needs=NEEDS)
def test_down(bench: Bench) -> None:
    """The directory is down: the user is told, the software goes on."""
    bench.fault("annuaire", "ANN.search", "unavailable", times=0)
    answer = bench.ask("directory.search", name=CORRESPONDANT.family)
    bench.expect("annuaire", "ANN.search")
    bench.told(DOWN_TOLD, answer)
    bench.calm()
    again = bench.ask("directory.search", name=CORRESPONDANT.family)
    bench.check(DOWN_TOLD, again.done, observed=again.told(), expected="done")
