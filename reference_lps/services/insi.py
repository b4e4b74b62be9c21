"""INSi: the search of an INS by traits, under the organisation's certificate. Source: SEL-MP-043."""

from schemas import insi
from schemas.insi.names import ACTION_TRAITS, FOUND, content_type

from ..accounts import NAME as SOFTWARE
from ..accounts import VERSION, Account
from ..behaviour import Behaviour
from ..clock import Chance, Clock
from ..environment import Environment
from ..outcome import Failed
from ..state import Patient
from .http import Channel

NAME = "INSi"


class InsiClient:
    """Searches. One call for each given name in order, then one with all of them; stops at the first 00."""

    def __init__(self, environment: Environment, clock: Clock, chance: Chance, behaviour: Behaviour) -> None:
        self._environment = environment
        self._clock = clock
        self._chance = chance
        self._behaviour = behaviour
        self._channel = Channel(NAME, environment.ca_bundle, environment.pair("cabinet-insi"))
        self._instance = chance.uuid()

    def search(self, patient: Patient, account: Account) -> insi.Answer:
        """The answer that ends the search. Raises Failed on a fault, a failure or an unreadable answer."""
        last: insi.Answer | None = None
        for names in self._behaviour.name_attempts(patient.given_names):
            last = self._ask(patient, names, account)
            if last.code == FOUND:
                break
        if last is None:
            raise Failed("Le dossier ne porte aucun prénom : recherche INSi impossible.")
        return last

    def _ask(self, patient: Patient, given_names: tuple[str, ...], account: Account) -> insi.Answer:
        body = insi.write_traits_request(
            insi.Traits(
                patient.birth_name, given_names, patient.sex, patient.birth_date, patient.birth_place
            ),
            insi.Software(self._environment.idam, SOFTWARE, VERSION, self._instance),
            message_id=self._chance.uuid(),
            bam_id=self._chance.uuid(),
            lps_id=self._chance.uuid(),
            now=self._clock.now(),
            emitter=account.structure,
        )
        headers = {"Content-Type": content_type(ACTION_TRAITS)}
        reply = self._channel.ask("POST", self._environment.insi_url, headers=headers, body=body)
        try:
            return insi.read_answer(reply.body)
        except insi.InsiFault as fault:
            said = fault.text or fault.reason
            raise Failed(f"INSi n'a pas pu répondre ({fault.code or fault.subcode}) : {said}") from None
        except insi.AnswerRefused as error:
            raise Failed(
                f"La réponse d'INSi est illisible ({error.reason}, HTTP {reply.status}). Réessayez."
            ) from None

    def close(self) -> None:
        self._channel.close()
