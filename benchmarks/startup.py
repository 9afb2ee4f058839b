"""Seconds that the light verbs take, whole process: from the shell's fork to the exit.

python benchmarks/startup.py
python benchmarks/startup.py --runs 30
"""

import argparse
import statistics
import subprocess
import sys
import time

PYTHON = [sys.executable]
VERBS = ["list", "show attention/multi_head", "show dates", "validate dates multi30k_ende", "schema", "--help"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10, help="of each command; default %(default)s")
    runs = parser.parse_args().runs

    commands = {"python -c pass (for scale)": [*PYTHON, "-c", "pass"]}
    commands |= {f"keras-transformers {verb}": [*PYTHON, "-m", "keras_transformers", *verb.split()] for verb in VERBS}
    for command in commands.values():
        seconds_of(command)  # writes the .pyc files, fills the disk cache
    times = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            times[name].append(seconds_of(command))
    print_table(times, runs)


def seconds_of(command):
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def print_table(times, runs):
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"seconds, whole process, {runs} runs in turns", title_justify="left")
    table.add_column("command")
    for heading in ("median", "least", "most"):
        table.add_column(heading, justify="right")
    for name, seconds in times.items():
        table.add_row(name, *(f"{pick(seconds):.3f}" for pick in (statistics.median, min, max)))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
