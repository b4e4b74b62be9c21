"""`python -m reference_lps`: start the software and say where it listens."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from schemas.vihf.model import DIRECT, INDIRECT

from .behaviour import CONFORMANT
from .defects import DEFECTS, UnknownDefect, behaviour_of
from .environment import Environment, EnvironmentRefused
from .server import Server
from .software import Software


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 after SIGTERM or Ctrl-C, 2 when it can't start."""
    options = _options(arguments)
    try:
        behaviour = behaviour_of(options.defect) if options.defect else CONFORMANT
        software = Software(
            Environment.read(options.environment), behaviour, direct=options.dmp_mode == DIRECT
        )
        server = Server(software, options.port)
    except (EnvironmentRefused, UnknownDefect, OSError, ValueError) as error:
        print(f"reference_lps : {error}", file=sys.stderr)
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    print(software.endpoint, flush=True)
    if options.ready_file:
        draft = options.ready_file.with_name(options.ready_file.name + ".part")
        draft.write_text(software.endpoint + "\n", encoding="utf-8")
        draft.replace(options.ready_file)
    stop.wait()
    server.shutdown()
    server.server_close()
    software.close()
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="reference_lps", description="Petit logiciel conforme, pour le banc."
    )
    parser.add_argument("--port", type=int, default=0, help="0 : choisi par le système")
    parser.add_argument("--environment", type=Path, required=True, help="environment.json du banc")
    parser.add_argument(
        "--dmp-mode",
        choices=(INDIRECT, DIRECT),
        default=INDIRECT,
        help="DIRECTE : la carte CPS du professionnel ; sinon les certificats de la structure",
    )
    parser.add_argument("--defect", default="", help=f"défaut semé : {', '.join(DEFECTS)}")
    parser.add_argument("--ready-file", type=Path, help="fichier où écrire l'adresse quand il écoute")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
