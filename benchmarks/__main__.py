"""`python -m benchmarks [NAME…] [--quick] [--rounds N] [--json] [--profile]`."""

import argparse
import cProfile
import json
import pstats
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import documents, feed, identity, login, machine, mail, prescription, processes, registry, throughput
from .measure import Figure, Measure, take

MEASURES: tuple[Measure, ...] = (
    *feed.MEASURES,
    prescription.MEASURE,
    mail.MEASURE,
    identity.MEASURE,
    login.MEASURE,
    *documents.MEASURES,
    *registry.MEASURES,
    *throughput.MEASURES,
    *processes.MEASURES,
)
HOW = {"cpu": "CPU", "wall": "horloge", "memory": "mémoire", "disk": "disque", "rate": "débit"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 always, for a figure is no verdict on a machine that nobody knows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Mesures du banc.")
    names = [measure.name for measure in MEASURES]
    parser.add_argument("names", nargs="*", metavar="NOM", help=f"parmi {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="sans les mesures longues")
    parser.add_argument("--rounds", type=int, help="au plus tant de tours")
    parser.add_argument("--json", action="store_true", help="en JSON")
    parser.add_argument("--profile", action="store_true", help="où passe le temps (en processus seulement)")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(names))
    if unknown:
        parser.error(f"mesure inconnue : {', '.join(unknown)}")
    chosen = [
        measure
        for measure in MEASURES
        if (measure.name in options.names if options.names else not (options.quick and measure.slow))
    ]
    with tempfile.TemporaryDirectory(prefix="segur-bench-") as folder:
        if options.profile:
            profile(chosen, Path(folder))
            return 0
        figures = take(chosen, Path(folder), options.rounds)
    if options.json:
        json.dump(as_json(figures), sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        print(table(figures))
    return 0


def table(figures: Sequence[Figure]) -> str:
    """The machine, then one line a figure."""
    lines = [f"{name:<14}{value}" for name, value in machine.describe().items()]
    lines.append("")
    head = ("mesure", "", "médiane", "min – max", "but", "étalons")
    lines.append(f"{head[0]:<48}{head[1]:<9}{head[2]:>12}{head[3]:>18}{head[4]:>12}{head[5]:>10}")
    for figure in figures:
        measure = figure.measure
        median = f"{figure.median:.2f} {measure.unit}"
        spread = f"{min(figure.samples):.2f} – {max(figure.samples):.2f}"
        aim = "" if measure.aim is None else f"< {measure.aim:g} {measure.unit}"
        missed = " ✗" if figure.within is False else ""
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        lines.append(
            f"{measure.label:<48}{HOW[measure.kind]:<9}{median:>12}{spread:>18}{aim:>12}{ratio:>10}{missed}"
        )
    lines += ["", *documents.summary(figures), *registry.summary(figures), *throughput.summary(figures)]
    if figures:
        lines.append(f"étalon : une boucle fixe, {figures[0].calibration:.2f} ms de CPU ici")
    return "\n".join(lines)


def as_json(figures: Sequence[Figure]) -> dict[str, object]:
    """The same for programs."""
    return {
        "machine": machine.describe(),
        "calibration_ms": figures[0].calibration if figures else None,
        "figures": [
            {
                "name": figure.measure.name,
                "kind": figure.measure.kind,
                "unit": figure.measure.unit,
                "median": figure.median,
                "samples": list(figure.samples),
                "aim": figure.measure.aim,
                "within": figure.within,
                "ratio": figure.ratio,
            }
            for figure in figures
        ],
    }


def profile(measures: Sequence[Measure], folder: Path) -> None:
    """One sample of each under the profiler, after two without it."""
    for measure in measures:
        own = folder / measure.name
        own.mkdir()
        with measure.prepare(own) as sample:
            sample()
            sample()
            with cProfile.Profile() as running:
                sample()
        pstats.Stats(running).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    sys.exit(main())
