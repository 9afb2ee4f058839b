"""Real tokens a second in training, padding not counted: a recipe against KerasHub's layers.

    python benchmarks/goodput.py                                   # sentence lengths as Multi30k's
    python benchmarks/goodput.py --source train.en --target train.de

Ours: the recipe's model, loss and optimizer, with batches cut to a number of tokens.
KerasHub's: TokenAndPositionEmbedding, TransformerEncoder and TransformerDecoder of the same sizes,
output tied to the embedding as in ours, with batches of 64 pairs padded to 40 tokens a side, as in
"English-to-Spanish translation with KerasHub" (https://keras.io/examples/nlp/neural_machine_translation_with_keras_hub/).
What is longer is cut there, so that padding is as little as it may be. Its blocks drop attention weights too; ours
smooth the labels.

Both train by `model.fit` in one process, in turns, under the same dtype policy; the input pipeline counts.
"""

import argparse
import math
import statistics
import tempfile
import time
import warnings
from dataclasses import dataclass
from itertools import islice

PAIRS = 29_000  # as in Multi30k; so are the moments below, of lengths in 8,000 SentencePieces
LOG_SOURCE = (2.633, 0.320)  # mean and deviation of log length
LOG_RATIO = (0.024, 0.198)  # of log(target length / source length)
SHORTEST, LONGEST = 2, 60


def main():
    args = arguments()
    from keras_transformers.cli.backend import import_keras

    import_keras()
    import keras

    import keras_transformers as kt

    recipe = kt.load_recipe(args.recipe, args.set)
    precision = recipe.tree["training"]["precision"]
    if precision == "auto":
        from keras_transformers.training.precision import fastest_precision

        precision, _ = fastest_precision()
    pairs = encoded_pairs(args, recipe)
    # The policy is global here: optimizers and losses then see it as in an ordinary Keras program.
    keras.config.set_dtype_policy(precision)
    contenders = {
        "keras-transformers": Ours(recipe, pairs),
        "KerasHub": KerasHub(recipe, pairs, args.length, args.batch),
    }
    rounds = {name: [] for name in contenders}
    for contender in contenders.values():
        contender.block(args.warmup)
    for _ in range(args.rounds):
        for name, contender in contenders.items():
            rounds[name].append(contender.block(args.steps))
    print_table(contenders, rounds, f"{recipe.name}, {precision}, {len(pairs.sources.lengths):,} pairs")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="multi30k_ende", help="sizes, precision, batch_tokens; default %(default)s")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change the recipe")
    parser.add_argument("--source", help="source sentences, a line each, plain or .gz; default: random ids")
    parser.add_argument("--target", help="target sentences")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="number of random pairs; default %(default)s")
    parser.add_argument("--length", type=int, default=40, help="KerasHub's padded length; default %(default)s")
    parser.add_argument("--batch", type=int, default=64, help="KerasHub's pairs in a batch; default %(default)s")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each; default %(default)s")
    parser.add_argument("--steps", type=int, default=25, help="steps in a turn; default %(default)s")
    parser.add_argument("--warmup", type=int, default=60, help="steps before the first turn; default %(default)s")
    args = parser.parse_args()
    if (args.source is None) != (args.target is None):
        parser.error("--source and --target belong together")
    return args


def encoded_pairs(args, recipe):
    """Return `EncodedPairs`: of the two files, with the recipe's tokenizer, or random."""
    from keras_transformers.data.batches.batching import EncodedPairs

    tree = recipe.tree
    limits = (tree["data"]["batch_tokens"], tree["data"]["max_length"])
    if args.source is not None:
        return pairs_of_files(args.source, args.target, tree["tokenizer"], limits)
    vocabulary = tree["model"]["vocab_size"] or tree["tokenizer"]["vocab_size"]
    return EncodedPairs(*random_ids(args.pairs, vocabulary), batch_tokens=limits[0])


def pairs_of_files(source, target, tokenizer, limits):
    from pathlib import Path

    from keras_transformers.data.batches.encode import encode_pairs
    from keras_transformers.data.sources.parallel_text import ParallelText
    from keras_transformers.registry.assemble import assemble

    pairs = ParallelText(source, target).read()
    tokenizer = assemble("tokenizer", tokenizer)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.train([*pairs.sources, *pairs.targets], Path(folder))
    encoded, notes = encode_pairs(pairs, tokenizer, *limits)
    for note in notes:
        print(note)
    return encoded


def random_ids(pairs, vocabulary):
    """Return the `Ids` of both sides: lengths as Multi30k's, ids of Zipf's frequencies."""
    import numpy as np

    from keras_transformers.data.batches.batching import Ids

    rng = np.random.default_rng(0)
    log_source = rng.normal(*LOG_SOURCE, pairs)
    log_target = log_source + rng.normal(*LOG_RATIO, pairs)
    for logarithm in (log_source, log_target):
        lengths = np.clip(np.rint(np.exp(logarithm)), SHORTEST, LONGEST).astype(int)
        ids = 4 + rng.zipf(1.2, int(lengths.sum())) % (vocabulary - 4)
        yield Ids(ids.astype(np.int32), np.concatenate([[0], np.cumsum(lengths)]))


@dataclass
class Block:
    """What some steps in a row took."""

    steps: int
    seconds: float
    tokens: int  # real ones, source and target, end tokens included
    places: int  # padding included


class Contender:
    """A compiled model and endless batches; subclasses give both."""

    def block(self, steps):
        """Train on the next `steps` batches and return the `Block`."""
        import tensorflow as tf

        batches = list(islice(self.batches, steps))
        dataset = tf.data.Dataset.from_generator(
            lambda: map(self.batch, batches), output_signature=self.signature()
        ).apply(tf.data.experimental.assert_cardinality(steps))
        start = time.perf_counter()
        self.model.fit(dataset.prefetch(8), shuffle=False, verbose=0)
        seconds = time.perf_counter() - start
        tokens, places = (sum(counts) for counts in zip(*map(self.count, batches)))
        return Block(steps, seconds, tokens, places)

    def signature(self):
        import tensorflow as tf

        source = tf.TensorSpec((None, self.length), tf.int32)
        return {"source": source, "target": source}, source

    @property
    def parameters(self):
        return sum(math.prod(weight.shape) for weight in self.model.trainable_weights)


class Ours(Contender):
    """The recipe's model, trained as `keras-transformers train` does."""

    length = None

    def __init__(self, recipe, pairs):
        from keras_transformers.api.build import build
        from keras_transformers.registry.assemble import assemble, values
        from keras_transformers.training.trainer import TokenModel

        self.pairs = pairs
        given = {**values(recipe.tree), "training.steps": 10_000}
        training = assemble("section", recipe.tree["training"], given)
        model = build(recipe)
        training.optimizer.learning_rate = training.schedule
        self.model = TokenModel(inputs=model.inputs, outputs=model.outputs)
        self.model.compile(optimizer=training.optimizer, loss=assemble("task", recipe.tree["task"]).loss())
        self.batches = self.endless()

    def endless(self):
        epoch = 0
        while True:
            yield from self.pairs.plan(epoch)
            epoch += 1

    def batch(self, rows):
        return self.pairs.batch(rows)

    def count(self, rows):
        inputs, labels = self.pairs.batch(rows)
        return int((inputs["source"] != 0).sum() + (labels != 0).sum()), inputs["source"].size + labels.size


class KerasHub(Contender):
    """The same sizes from KerasHub's layers, on batches of one shape."""

    def __init__(self, recipe, pairs, length, batch):
        import keras
        import numpy as np

        self.length, self.size = length, batch
        rows = np.arange(len(pairs.sources.lengths))
        inputs, labels = pairs.batch(rows)
        self.arrays = [fixed(ids, length) for ids in (inputs["source"], inputs["target"], labels)]
        model = recipe.tree["model"]
        vocabulary = model["vocab_size"] or recipe.tree["tokenizer"]["vocab_size"]
        self.model = keras_hub_model(model, vocabulary, length)
        clip_norm = recipe.tree["training"]["optimizer"].get("clip_norm")
        self.model.compile(
            optimizer=keras.optimizers.Adam(1e-4, global_clipnorm=clip_norm),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0),
        )
        self.batches = self.endless(np.random.default_rng(0))

    def endless(self, rng):
        count = len(self.arrays[0])
        while True:
            order = rng.permutation(count)
            for start in range(0, max(count - self.size, 0) + 1, self.size):
                yield order[start : start + self.size]

    def batch(self, rows):
        source, target, labels = (array[rows] for array in self.arrays)
        return {"source": source, "target": target}, labels

    def count(self, rows):
        source, _, labels = (array[rows] for array in self.arrays)
        return int((source != 0).sum() + (labels != 0).sum()), source.size + labels.size


def keras_hub_model(model, vocabulary, length):
    """Return the functional model, its sizes from the recipe's `model`."""
    import keras
    import keras_hub

    source = keras.Input((length,), dtype="int32", name="source")
    target = keras.Input((length,), dtype="int32", name="target")
    # Masks are handed on by `compute_mask`; inner layers that take none warn all the same.
    warnings.filterwarnings("ignore", "Layer '.*' .* was passed an input with a mask", UserWarning)
    embed = keras_hub.layers.TokenAndPositionEmbedding(vocabulary, length, model["dim"], mask_zero=True)
    memory = embed(source)
    states = embed(target)
    for _ in range(model["encoder"]["layers"]):
        memory = keras_hub.layers.TransformerEncoder(**settings(model["encoder"]["block"]))(memory)
    memory = last_norm(model["encoder"]["block"], memory)
    for _ in range(model["decoder"]["layers"]):
        states = keras_hub.layers.TransformerDecoder(**settings(model["decoder"]["block"]))(states, memory)
    states = last_norm(model["decoder"]["block"], states)
    logits = embed.token_embedding(states, reverse=True)
    return keras.Model({"source": source, "target": target}, logits)


def settings(block):
    return {
        "normalize_first": block["norm_order"] == "pre",
        "intermediate_dim": block["feed_forward"]["hidden_dim"],
        "num_heads": block["attention"]["heads"],
        "dropout": block["dropout"],
    }


def last_norm(block, x):
    """Return `x`, normalized if the blocks do so at their entrance only."""
    import keras

    return keras.layers.LayerNormalization()(x) if block["norm_order"] == "pre" else x


def fixed(ids, length):
    """Return `ids` (N, L) cut or padded to (N, length)."""
    import numpy as np

    ids = ids[:, :length]
    return np.pad(ids, ((0, 0), (0, length - ids.shape[1])))


def print_table(contenders, rounds, title):
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", caption_justify="left")
    table.add_column("model")
    for heading in ("parameters", "real tokens/s", "range", "ms a step", "real tokens a step", "padding"):
        table.add_column(heading, justify="right")
    speeds = {name: [block.tokens / block.seconds for block in blocks] for name, blocks in rounds.items()}
    for name, blocks in rounds.items():
        tokens, places, steps = (sum(getattr(block, key) for block in blocks) for key in ("tokens", "places", "steps"))
        step = statistics.median(block.seconds / block.steps for block in blocks)
        table.add_row(
            name,
            f"{contenders[name].parameters:,}",
            f"{statistics.median(speeds[name]):,.0f}",
            f"{min(speeds[name]):,.0f}–{max(speeds[name]):,.0f}",
            f"{1000 * step:.0f}",
            f"{tokens / steps:,.0f}",
            f"{1 - tokens / places:.0%}",
        )
    ratios = [ours / theirs for ours, theirs in zip(*speeds.values())]
    range_ = f"{min(ratios):.2f}–{max(ratios):.2f}"
    table.caption = f"ratio {statistics.median(ratios):.2f} (median of {len(ratios)} turns, {range_})"
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
