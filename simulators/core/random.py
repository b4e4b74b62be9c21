"""The only source of randomness: one seed, one named stream for each user of it.

Named streams keep a run reproducible when services answer in another order.
"""

import hashlib
import random
import threading

_VERSION_4 = 4 << 76 | 2 << 62  # version and variant, RFC 9562 §5.4
_FREE = (1 << 128) - 1 & ~(0xF << 76 | 0x3 << 62)


class Randomness:
    """Deterministic values drawn from a seed; safe to share between threads.

    `salt`: tells apart those who share a seed and must not draw the same.
    """

    def __init__(self, seed: int, salt: str = "") -> None:
        self.seed = seed
        self._salt = salt and f"{salt}:"
        self._streams: dict[str, random.Random] = {}
        self._lock = threading.Lock()

    def stream(self, name: str) -> random.Random:
        """The stream of this name, always the same object within a run."""
        with self._lock:
            if name not in self._streams:
                digest = hashlib.sha256(f"{self.seed}:{self._salt}{name}".encode()).digest()
                self._streams[name] = random.Random(int.from_bytes(digest[:8], "big"))
            return self._streams[name]

    def uuid(self, name: str) -> str:
        """Next UUID (version 4 layout, lower case) of a stream."""
        stream = self.stream(name)
        with self._lock:
            bits = stream.getrandbits(128)
        digits = f"{bits & _FREE | _VERSION_4:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def token(self, name: str, length: int = 32) -> str:
        """Next opaque token of a stream, letters and digits."""
        stream = self.stream(name)
        with self._lock:
            return "".join(
                stream.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
                for _ in range(length)
            )
