"""Point d'entrée à compléter : il reçoit les actions de segur-bench et les fait faire à votre logiciel.

Lancez-le (`python3 endpoint.py`), puis `segur-bench doctor`. Déclarez une action dans ACTIONS quand elle
est prête : une action non déclarée n'est jamais comptée comme conforme. Le contrat complet :
`segur-bench contract`.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

IDENTITY = {
    "contract": "1",
    "name": "Mon logiciel",
    "version": "1.0",
    "vendor": "Mon entreprise",
    "nil": "BANC000001",
    "profiles": ["medecin"],  # et/ou "pharmacie"
    "clock": "system",  # "bench" si vous suivez context.now
}
ENVIRONMENT = {}  # adresses, PKI et identités des services simulés


def record_patient(context, given):
    """patient.record : enregistrez given["traits"] dans votre logiciel."""
    raise NotImplementedError


def submit_document(context, given):
    """document.submit : produisez un document pour given["patient_id"] et alimentez le DMP."""
    raise NotImplementedError


ACTIONS = {
    # "patient.record": record_patient,
    # "document.submit": submit_document,
}


def done(data, *messages):
    """L'action est faite. Chaque message est un couple (niveau, texte) montré à l'utilisateur."""
    return answer("done", data, messages)


def refused(*messages):
    """Une règle de votre logiciel s'y oppose."""
    return answer("refused", {}, messages)


def failed(*messages):
    """Le logiciel a essayé et n'a pas pu."""
    return answer("failed", {}, messages)


def answer(outcome, data, messages):
    shown = [{"level": level, "text": text} for level, text in messages]
    return {"outcome": outcome, "data": data, "messages": shown}


class Endpoint(BaseHTTPRequestHandler):
    wbufsize = -1  # la réponse en un seul paquet : 40 ms de moins par action

    def do_GET(self):
        self.reply(200, {**IDENTITY, "actions": sorted([*ACTIONS, "environment.configure"])})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        if self.path == "/environment":
            ENVIRONMENT.update(body)
            return self.reply(200, done({}))
        action = ACTIONS.get(self.path.removeprefix("/actions/"))
        if action is None:
            return self.reply(404, failed(("error", "action inconnue")))
        try:
            return self.reply(200, action(body["context"], body["input"]))
        except Exception as error:
            return self.reply(200, failed(("error", str(error))))

    def reply(self, status, content):
        data = json.dumps(content, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    print("http://127.0.0.1:8080 (Ctrl-C pour arrêter)")
    ThreadingHTTPServer(("127.0.0.1", 8080), Endpoint).serve_forever()
