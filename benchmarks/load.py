"""A client process that loads a DMP: `python -m benchmarks.load URL PKI SEED RANK THREADS`.

Reads one line a turn, `feed 200` say, from its standard input: writes and signs so many messages, says
`ready`, waits for `go`, sends them over connections kept alive, and says how many calls a second that made.
"""

import json
import sys
import threading
import time
from collections import deque
from pathlib import Path

from schemas import xds
from schemas.xds import names
from simulators.core.clock import Clock
from simulators.core.pki import Pki
from simulators.core.population import Population

from .messages import Sealed, Writer
from .wire import Wire

PATIENTS = 20
SUCCESS = names.SUCCESS.encode()


def main() -> None:
    url, folder, seed, rank, threads = sys.argv[1:]
    pki, population = Pki(Path(folder)), Population(int(seed))
    patients = [population.derive(f"load {number}") for number in range(PATIENTS)]
    writer = Writer(pki, Clock(), 900 + int(rank))
    wires = [Wire(url, pki) for _ in range(int(threads))]
    for line in sys.stdin:
        kind, count = line.split()
        chosen = [patients[number % PATIENTS] for number in range(int(count))]
        if kind == "feed":
            messages = [writer.feed(one, writer.lot(one)) for one in chosen]
        else:
            messages = [writer.search(one, xds.find_documents(one.ins.cx())) for one in chosen]
        print("ready", flush=True)
        sys.stdin.readline()
        print(json.dumps(send(wires, deque(messages))), flush=True)


def send(wires: list[Wire], messages: "deque[Sealed]") -> dict[str, float]:
    """Send them all over all the connections at once; raises RuntimeError when one is not done."""
    wrong: list[str] = []
    total = len(messages)

    def work(wire: Wire) -> None:
        while True:
            try:
                one = messages.popleft()
            except IndexError:
                return
            try:
                status, _, body = wire.raw(one)
            except Exception as error:
                wrong.append(f"{type(error).__name__}: {error}")
                continue
            if status != 200 or SUCCESS not in body:
                wrong.append(f"HTTP {status}: {body[-400:]!r}")

    threads = [threading.Thread(target=work, args=(wire,)) for wire in wires]
    start = time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if wrong:
        raise RuntimeError(wrong[0])
    return {"calls": total, "seconds": time.perf_counter() - start}


if __name__ == "__main__":
    main()
