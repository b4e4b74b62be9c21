"""A worker process of `check`: reads sources on its input, writes what is said of them on its output."""

import os
import pickle
import signal
from typing import BinaryIO

from .judge import check_file


def main() -> None:
    """Serve until the input ends. What a library prints goes to the errors, never among the answers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _send(answers, "ready")
    while True:
        try:
            source, settings = pickle.load(questions)
        except EOFError:
            return
        _send(answers, check_file(source.name, named=source.named, settings=settings))


def _send(answers: BinaryIO, value: object) -> None:
    pickle.dump(value, answers)
    answers.flush()


if __name__ == "__main__":
    main()
