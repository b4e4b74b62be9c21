"""The HTTP side of the contract: capabilities, environment, actions, and the return from the browser."""

import json
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from .environment import EnvironmentRefused
from .outcome import Failed, Refused
from .software import BadRequest, Software, UnknownAction

MAX_BODY = 8 * 1024 * 1024
CALLBACK = "/psc/callback"


class Server(ThreadingHTTPServer):
    """Serves one installation on the loopback interface."""

    daemon_threads = True

    def __init__(self, software: Software, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.software = software
        software.endpoint = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One request. Every failure is an answer, never a dropped connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: two cost a delayed acknowledgement, 40 ms
    server: Server

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/":
            self._json(200, self.server.software.capabilities())
        elif path == CALLBACK:
            self._callback(dict(parse_qsl(query, keep_blank_values=True)))
        else:
            self._json(404, {"error": f"rien à l'adresse {path}"})

    def do_POST(self) -> None:
        try:
            status, content = self._act(self._body())
        except BadRequest as error:
            status, content = 400, {"error": str(error)}
        except UnknownAction as error:
            status, content = 404, {"error": f"action inconnue : {error}"}
        except EnvironmentRefused as error:
            status, content = 400, {"error": f"environnement : {error}"}
        except Exception as error:  # the user of a real software would see a crash report
            status, content = 500, {"error": f"{type(error).__name__} : {error}"}
        self._json(status, content)

    def _act(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        software = self.server.software
        if self.path == "/environment":
            return 200, software.configure(body)
        if not self.path.startswith("/actions/"):
            return 404, {"error": f"rien à l'adresse {self.path}"}
        context, given = body.get("context", {}), body.get("input", {})
        if not isinstance(context, dict) or not isinstance(given, dict):
            raise BadRequest("context et input sont des objets")
        return 200, software.call(self.path.removeprefix("/actions/"), context, given)

    def _body(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_BODY:
            self.close_connection = True
            raise BadRequest(f"Content-Length : {length or 'absent'} ({MAX_BODY} au plus)")
        try:
            content = json.loads(self.rfile.read(int(length)) or b"{}")
        except (ValueError, RecursionError) as error:
            raise BadRequest(f"corps illisible : {error}") from None
        if not isinstance(content, dict):
            raise BadRequest("un objet JSON est attendu")
        return content

    def _callback(self, query: dict[str, str]) -> None:
        software = self.server.software
        try:
            title, said = "Connexion réussie", software.callback(query)
        except (Refused, Failed) as error:
            title, said = "Connexion refusée", str(error)
        page = (
            f'<!doctype html><html lang="fr"><meta charset="utf-8"><title>{escape(title)}</title>'
            f"<h1>{escape(title)}</h1><p>{escape(said)}</p></html>"
        )
        self._reply(200, "text/html; charset=utf-8", page.encode())

    def _json(self, status: int, content: dict[str, Any]) -> None:
        self._reply(
            status, "application/json; charset=utf-8", json.dumps(content, ensure_ascii=False).encode()
        )

    def _reply(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: the bench keeps the evidence."""
