"""Work in parallel: tokens a second against length, of a Transformer and of recurrent networks as large.

    python examples/why_attention/parallel.py FOLDER                  # parallel.csv, and its plots
    python examples/why_attention/parallel.py FOLDER --torch PYTHON   # and torch.nn.LSTM; PYTHON is one that has it
    python examples/why_attention/parallel.py FOLDER --lengths 16 32  # fewer

Each has 7.6 million parameters: the models of the recipes `multi30k_ende` and `multi30k_ende_rnn`, with random
weights. Source and target are of one length, a batch holds 2,048 tokens of each. What stands in FOLDER is not measured
again.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from measured import Table, plot

VOCABULARY, TOKENS, THREADS = 8000, 2048, 2
LENGTHS = [16, 32, 64, 128, 256, 512, 1024]
RECIPES = {"Transformer": "multi30k_ende", "RNN with attention": "multi30k_ende_rnn"}
PARTS = {"multi30k_ende": ["encoder.block", "decoder.block"], "multi30k_ende_rnn": ["encoder", "decoder"]}
"""Where their rates of dropout stand, which are set to 0."""
PEER = "torch.nn.LSTM, no attention"


def main():
    """Measure what is not there yet, and draw all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--torch", metavar="PYTHON", help="an interpreter that has PyTorch")
    parser.add_argument("--lengths", type=int, nargs="+", choices=LENGTHS, default=LENGTHS)
    parser.add_argument("--steps", type=int, default=5, help="measured of each; default %(default)s")
    args = parser.parse_args()
    table = Table(args.folder / "parallel.csv", ["model", "length", "pass"], ["seconds", "tokens_a_second"])
    for name, recipe in RECIPES.items():
        for length, way, seconds in measured(recipe, left(table, name, args.lengths), args.steps):
            table.add(name, length, way, f"{seconds:.4f}", round(2 * TOKENS / seconds))
    if args.torch:
        asked = map(str, [args.steps, TOKENS, *left(table, PEER, args.lengths)])
        command = [args.torch, Path(__file__).with_name("torch_lstm.py"), *asked]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as peer:
            for length, way, seconds in map(json.loads, peer.stdout):
                table.add(PEER, length, way, f"{seconds:.4f}", round(2 * TOKENS / seconds))
    for way in ("forward", "training"):
        lines = table.lines("length", "tokens_a_second", by="model", **{"pass": way})
        plot(args.folder / f"parallel-{way}", lines, f"{way}, two threads", "tokens of a sentence", "tokens a second")


def left(table, name, lengths):
    """Return the lengths that have not been measured in both ways; what was measured in one is measured again."""
    return [length for length in lengths if not table.has(name, length, "training")]


def measured(recipe, lengths, steps):
    """Yield (length, pass, seconds of a step, the median) of a recipe's model."""
    import keras
    import tensorflow as tf

    import keras_transformers as kt

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    dropouts = ["model.dropout", *(f"model.{part}.dropout" for part in PARTS[recipe])]
    model = kt.build(recipe, {"model.vocab_size": VOCABULARY, **dict.fromkeys(dropouts, 0.0)})
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(1e-4)
    optimizer.build(model.trainable_variables)

    @tf.function(reduce_retracing=True)
    def forward(source, target):
        return model({"source": source, "target": target}, training=False)

    @tf.function(reduce_retracing=True)
    def training(source, target):
        with tf.GradientTape() as tape:
            found = loss(target, model({"source": source, "target": target}, training=True))
        optimizer.apply(tape.gradient(found, model.trainable_variables), model.trainable_variables)
        return found

    for length in lengths:
        ids = np.random.default_rng(0).integers(4, VOCABULARY, (2, TOKENS // length, length)).astype("int32")
        source, target = map(tf.constant, ids)
        for step in (forward, training):
            step(source, target)
            times = []
            for _ in range(steps):
                start = time.perf_counter()
                np.asarray(step(source, target)).sum()
                times.append(time.perf_counter() - start)
            yield length, step.__name__, statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
