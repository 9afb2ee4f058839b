"""BERT against KerasHub's: inference from the SavedModel, and training on masked tokens.

    python benchmarks/bert.py                                 # BERT base: sentences of 128 tokens, 8 at a time
    python benchmarks/bert.py --recipe bert_small --part train
    python benchmarks/bert.py --torch PYTHON                  # an interpreter that has torch and transformers

inference   Both models saved as SavedModels and loaded again; batches of one length, float32.
train       One step on masked tokens (15% of them), AdamW, batches of one length; KerasHub's is `BertMaskedLM`.
lengths     The same with sentences of real lengths: ours in batches cut to a number of tokens, KerasHub's
            padded to the length of the longest allowed; real tokens a second, padding not counted.

Both run in one process, in turns, from the same random ids. KerasHub approximates GELU by tanh; ours is exact.
With --torch, Transformers' BERT takes its turn in `inference` and `train`, in a process of its own
(peers/torch_bert.py).
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

MASKED = 0.15
LOG_LENGTH = (3.1, 0.45)  # mean and deviation of log length: sentences as SST-2's and TREC's, 25 tokens


def main():
    args = arguments()
    from keras_transformers.cli.backend import import_keras

    import_keras()
    import keras

    for part in args.part:
        keras.config.set_dtype_policy("float32" if part == "inference" else args.precision)
        contenders = PARTS[part](args)
        rounds = {name: [] for name in contenders}
        for contender in contenders.values():
            for _ in range(args.warmup):
                contender.turn(1)
        for _ in range(args.rounds):
            for name, contender in contenders.items():
                rounds[name].append(contender.turn(args.steps))
        print_table(part, args, rounds)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="bert_base", help="sizes; default %(default)s")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS), help="by default all")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change the recipe")
    parser.add_argument("--batch", type=int, default=8, help="sentences in a batch; default %(default)s")
    parser.add_argument("--length", type=int, default=128, help="tokens in a sentence; default %(default)s")
    parser.add_argument("--precision", default="float32", help="dtype policy of training; default %(default)s")
    parser.add_argument("--torch", metavar="PYTHON", help="also Transformers on PyTorch, in this interpreter")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each; default %(default)s")
    parser.add_argument("--steps", type=int, default=3, help="steps in a turn; default %(default)s")
    parser.add_argument("--warmup", type=int, default=2, help="steps before the first turn; default %(default)s")
    return parser.parse_args()


@dataclass
class Contender:
    """What is measured: a function, the arguments of its calls in turn, and real tokens in each.

    Args:
        function: Called once a step.
        batches: Arguments, used round and round.
        tokens: Real tokens of each batch.
    """

    function: object
    batches: list
    tokens: list
    done: int = 0

    def turn(self, steps):
        """Return (wall seconds, processor seconds) a real token, over some steps."""
        wall, cpu = time.perf_counter(), time.process_time()
        tokens = sum(self._step() for _ in range(steps))
        return (time.perf_counter() - wall) / tokens, (time.process_time() - cpu) / tokens

    def _step(self):
        here = self.done % len(self.batches)
        self.done += 1
        self.function(self.batches[here])
        return self.tokens[here]


class TorchContender:
    """Transformers' BERT in a process of another interpreter.

    Args:
        python: The interpreter.
        job: What peers/torch_bert.py is to do.
    """

    def __init__(self, python, job):
        worker = Path(__file__).parent / "peers" / "torch_bert.py"
        self.tokens = job["batch"] * job["length"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([python, worker, json.dumps(job)], **pipes)
        if not self.process.stdout.readline():  # it has said why
            raise SystemExit(self.process.wait())

    def turn(self, steps):
        """Return what `Contender.turn` does."""
        print(steps, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().split()
        wall, cpu = (float(one) / (steps * self.tokens) for one in answer)
        return wall, cpu


def with_torch(contenders, part, args, model):
    """Return the contenders, and Transformers' BERT of the sizes of `model` where it is asked for."""
    if args.torch is None:
        return contenders
    block = model.encoder.block
    sizes = {
        "vocab_size": model.vocab_size,
        "hidden_size": model.dim,
        "num_hidden_layers": len(model.encoder.blocks),
        "num_attention_heads": block.attention.heads,
        "intermediate_size": block.feed_forward.hidden_dim,
    }
    job = {"part": part, "batch": args.batch, "length": args.length, "sizes": sizes, "masked": MASKED}
    job["bfloat16"] = args.precision == "mixed_bfloat16"
    return {**contenders, "Transformers": TorchContender(args.torch, job)}


def inference(args):
    """Return the contenders of inference."""
    import keras_transformers as kt

    model = kt.build(args.recipe, args.set)
    tokens = random_ids(args.batch, args.length, model.vocab_size)
    theirs = kerashub(model)
    ours_in = {"tokens": tokens, "segments": tokens * 0}
    theirs_in = {"token_ids": tokens, "segment_ids": tokens * 0, "padding_mask": tokens * 0 + 1}
    contenders = {
        "keras-transformers": Contender(saved(model), [ours_in], [tokens.size]),
        "KerasHub": Contender(saved(theirs), [theirs_in], [tokens.size]),
    }
    return with_torch(contenders, "inference", args, model)


def saved(model):
    """Return the serving function of a model, saved as a SavedModel and loaded again."""
    import keras
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        archive = keras.export.ExportArchive()
        archive.track(model)
        specs = {name: tf.TensorSpec((None, None), tf.int32, name=name) for name in model.input}
        archive.add_endpoint("serve", lambda inputs: model(inputs, training=False), input_signature=[specs])
        archive.write_out(folder, verbose=False)
        loaded = tf.saved_model.load(folder)

    def answer(inputs):
        return loaded.serve({name: tf.constant(value) for name, value in inputs.items()})

    return answer


def train(args):
    """Return the contenders of training with batches of one length."""
    import numpy as np

    import keras_transformers as kt

    lengths = np.full(args.batch, args.length)
    contenders = {
        "keras-transformers": our_training(args, [lengths]),
        "KerasHub": their_training(args, [lengths], args.length),
    }
    return with_torch(contenders, "train", args, kt.build(args.recipe, args.set))


def lengths(args):
    """Return the contenders of training with sentences of real lengths."""
    import numpy as np

    rng = np.random.default_rng(0)
    drawn = np.clip(np.rint(np.exp(rng.normal(*LOG_LENGTH, 256 * args.batch))), 4, args.length).astype(int)
    return {
        "keras-transformers": our_training(args, cut(drawn, args.batch * args.length, rng)),
        "KerasHub": their_training(args, np.split(drawn, len(drawn) // args.batch), args.length),
    }


def cut(lengths, tokens, rng):
    """Return batches of lengths alike, each of at most `tokens` tokens, padding included, in random order."""
    import numpy as np

    batches, batch = [], []
    for length in np.sort(lengths):
        if (len(batch) + 1) * length > tokens:
            batches.append(np.array(batch))
            batch = []
        batch.append(length)
    batches.append(np.array(batch))
    return [batches[index] for index in rng.permutation(len(batches))]


def our_training(args, batches):
    """Return the contender that trains this library's model."""
    import keras

    import keras_transformers as kt
    from keras_transformers.models.heads.pretraining import MaskedLM

    backbone = kt.build(args.recipe, [*args.set, "model.dropout=0.1"])
    model = MaskedLM(backbone, next_sentence=False)
    model.compile(optimizer=keras.optimizers.AdamW(1e-4), jit_compile=False)
    names = ("tokens", "segments", "positions")
    data = [masked(lengths, int(lengths.max()), backbone.vocab_size) for lengths in batches]

    def of_outputs(batch):
        tokens, positions, labels = batch
        return dict(zip(names, (tokens, tokens * 0, positions))), labels

    step = update(model, names, lambda outputs: outputs["masked"])
    return Contender(step, [of_outputs(one) for one in data], [int(one.sum()) for one in batches])


def their_training(args, batches, length):
    """Return the contender that trains KerasHub's model."""
    import keras
    import keras_hub

    import keras_transformers as kt

    backbone = kerashub(kt.build(args.recipe, args.set))
    backbone.get_layer("pooled_dense").trainable = False  # as ours: no gradient reaches it
    model = keras_hub.models.BertMaskedLM(backbone, preprocessor=None)
    model.compile(optimizer=keras.optimizers.AdamW(1e-4), loss=None, jit_compile=False)

    def of_outputs(batch):
        tokens, positions, labels = batch
        inputs = {"token_ids": tokens, "segment_ids": tokens * 0, "padding_mask": (tokens != 0).astype("int32")}
        return {**inputs, "mask_positions": positions}, labels

    data = [of_outputs(masked(lengths, length, backbone.vocabulary_size)) for lengths in batches]
    return Contender(
        update(model, list(data[0][0]), lambda outputs: outputs), data, [int(one.sum()) for one in batches]
    )


def update(model, names, logits_of):
    """Return a function that takes one step of training: forwards, backwards, optimizer."""
    import keras
    import tensorflow as tf

    free = tf.TensorSpec((None, None), tf.int32)

    @tf.function(input_signature=[dict.fromkeys(names, free), free])
    def step(inputs, labels):
        with tf.GradientTape() as tape:
            logits = logits_of(model(inputs, training=True))
            logits, weight = tf.cast(logits, tf.float32), tf.cast(labels > 0, tf.float32)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(labels, 0), logits)
            loss = tf.reduce_sum(losses * weight) / tf.reduce_sum(weight)
        variables = model.trainable_variables
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        model.optimizer.apply(gradients, variables)
        return loss

    def call(batch):
        inputs, labels = batch
        return keras.ops.convert_to_numpy(
            step({name: tf.constant(one) for name, one in inputs.items()}, tf.constant(labels))
        )

    return call


def masked(lengths, width, vocabulary):
    """Return tokens (B, width), positions and labels (B, P) of masked tokens, 0 where there are fewer."""
    import numpy as np

    rng = np.random.default_rng(len(lengths))
    tokens = random_ids(len(lengths), width, vocabulary)
    most = max(1, round(MASKED * width))
    positions, labels = np.zeros((2, len(lengths), most), "int32")
    for row, length in enumerate(lengths):
        tokens[row, length:] = 0
        count = max(1, round(MASKED * length))
        chosen = np.sort(rng.choice(np.arange(length), count, replace=False))
        positions[row, :count], labels[row, :count] = chosen, tokens[row, chosen]
    return tokens, positions, labels


def random_ids(batch, length, vocabulary):
    import numpy as np

    return np.random.default_rng(0).integers(5, vocabulary, (batch, length)).astype("int32")


def kerashub(model):
    """Return KerasHub's BertBackbone of the same sizes."""
    import keras_hub

    block = model.encoder.block
    return keras_hub.models.BertBackbone(
        model.vocab_size,
        num_layers=len(model.encoder.blocks),
        num_heads=block.attention.heads,
        hidden_dim=model.dim,
        intermediate_dim=block.feed_forward.hidden_dim,
        dropout=block.dropout,
        max_sequence_length=model.embed.position.max_length,
    )


def print_table(part, args, rounds):
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{part}: {args.recipe}, {args.batch} × {args.length}")
    for name in ("", "tokens/s", "processor ms a 1,000 tokens"):
        table.add_column(name, justify="left" if not name else "right")
    for name, turns in rounds.items():
        wall, cpu = (statistics.median(one[side] for one in turns) for side in (0, 1))
        table.add_row(name, f"{1 / wall:,.0f}", f"{1e6 * cpu:,.0f}")
    Console().print(table)
    ours, *others = ([one[0] for one in turns] for turns in rounds.values())
    for name, theirs in zip(list(rounds)[1:], others):
        ratio = statistics.median(their / our for our, their in zip(ours, theirs))
        print(f"{name}: ratio {ratio:.2f} (median of {args.rounds} turns; above 1: keras-transformers is faster)")


PARTS = {"inference": inference, "train": train, "lengths": lengths}

if __name__ == "__main__":
    main()
