"""Sentences a second that an exported SavedModel answers, for several sizes of request.

    keras-transformers export runs/multi30k exported
    python benchmarks/export_speed.py exported --text test_2016_flickr.en
    python benchmarks/export_speed.py                      # an untrained model of the recipe `dates`

An untrained model seldom says the end token, so that its answers run to their greatest length: its
figure is a lower bound.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", help="folder of a SavedModel; default: one made on the spot")
    parser.add_argument("--text", help="sentences, a line each, plain or .gz; default: dates")
    parser.add_argument("--limit", type=int, default=1000, help="sentences read at most; default %(default)s")
    parser.add_argument("--requests", type=int, nargs="+", default=[1, 16, 1000], help="sentences a request")
    parser.add_argument("--runs", type=int, default=5, help="passes over the text; default %(default)s")
    args = parser.parse_args()
    from keras_transformers.cli.backend import import_keras

    import_keras()
    import tensorflow as tf

    from keras_transformers.api.export import load

    lines = sentences(args.text, args.limit)
    with tempfile.TemporaryDirectory() as folder:
        answer = load(args.model or untrained(Path(folder)))
        rows = {}
        for size in dict.fromkeys(min(size, len(lines)) for size in args.requests):
            part = lines if size > 1 else lines[:100]
            requests = [tf.constant(part[i : i + size]) for i in range(0, len(part), size)]
            seconds_of(answer, requests)
            rows[size] = [len(part) / seconds_of(answer, requests) for _ in range(args.runs)]
    print_table(rows, f"{args.model or 'untrained dates'}, {len(lines)} sentences")


def sentences(path, limit):
    """Return at most `limit` lines of a file, or as many dates."""
    from keras_transformers.data.sources.dates import Dates
    from keras_transformers.data.sources.text_files import TextFile

    if path is None:
        return Dates("test", limit).read().sources
    return list(TextFile(Path(path)).lines())[:limit]


def untrained(folder):
    """Write the SavedModel of the recipe `dates` with random weights and return its folder."""
    import keras_transformers as kt
    from keras_transformers.api.export import write
    from keras_transformers.data.sources.dates import Dates
    from keras_transformers.registry.assemble import assemble

    recipe = kt.load_recipe("dates")
    tokenizer = assemble("tokenizer", recipe.tree["tokenizer"])
    pairs = Dates("train", 2000).read()
    tokenizer.train([*pairs.sources, *pairs.targets], folder)
    model = kt.build(recipe.with_overrides({"model.vocab_size": tokenizer.size}))
    write(assemble("task", recipe.tree["task"]).serving(model, tokenizer), folder / "exported")
    return folder / "exported"


def seconds_of(answer, requests):
    start = time.perf_counter()
    for request in requests:
        answer(request)["text"].numpy()
    return time.perf_counter() - start


def print_table(rows, title):
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for heading in ("sentences a request", "sentences/s, median", "least", "most", "ratio"):
        table.add_column(heading, justify="right")
    first = statistics.median(next(iter(rows.values())))
    for size, speeds in rows.items():
        median = statistics.median(speeds)
        table.add_row(str(size), *(f"{x:,.1f}" for x in (median, min(speeds), max(speeds))), f"{median / first:.1f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
