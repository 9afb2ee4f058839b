"""Recall at a distance: the value of a key seen n words ago, by a Transformer and by recurrent networks as large.

    python examples/why_attention/recall.py FOLDER            # recall.csv, and its plot
    python examples/why_attention/recall.py FOLDER --quick    # two minutes, to see that it works

A source is a list of keys and values, `k17 v3 k5 v11 …`, each key once; the target names keys, and each is followed by
its value. Trained on sources of 4 to 400 words, tested on the key that stands n words before the end. Chance is 1 in
16. All models have the same number of parameters within 5%. What stands in FOLDER is not trained again.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from measured import Table, plot

KEYS, VALUES, ASKED = 200, 16, 8
VOCABULARY = 4 + KEYS + VALUES
DISTANCES = (4, 10, 20, 50, 100, 200, 400)
HIDDEN = {f"model.{stack}.block.feed_forward.hidden_dim": 256 for stack in ("encoder", "decoder")}
TWO = {"model.encoder.layers": 2, "model.decoder.layers": 2}
MODELS = {
    "Transformer": ("dates", {**HIDDEN, "model.dim": 64}),
    "RNN with attention": ("dates_rnn", {**TWO, "model.dim": 86, "model.decoder.attention": "general"}),
    "RNN without attention": ("dates_rnn", {**TWO, "model.dim": 90, "model.decoder.attention": None}),
}
"""Recipes, and what is changed of them: 0.25 million parameters each."""


def main():
    """Train what is not there yet, and draw all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true", help="one seed, few steps, short distances")
    parser.add_argument("--steps", type=int, help="of training; default 6000")
    args = parser.parse_args()
    seeds, steps, distances = ((0,), 60, DISTANCES[:3]) if args.quick else ((0, 1, 2), args.steps or 6000, DISTANCES)
    table = Table(args.folder / "recall.csv", ["model", "steps", "seed", "distance"], ["accuracy"])
    for seed in seeds:
        for name, (recipe, changes) in MODELS.items():
            left = [distance for distance in distances if not table.has(name, steps, seed, distance)]
            model = trained(recipe, {**changes, "seed": seed}, steps, max(distances)) if left else None
            for distance in left:
                table.add(name, steps, seed, distance, accuracy(model, distance))
    lines = table.lines("distance", "accuracy", by="model", steps=steps)
    plot(args.folder / "recall", lines, "recall at a distance", "words since the key", "accuracy", log=False)


def examples(rng, rows, words, asked=ASKED):
    """Return sources (rows, words) and targets (rows, 2 · asked): keys, each followed by its value."""
    pairs = words // 2
    keys = 4 + np.argsort(rng.random((rows, KEYS)), axis=1)[:, :pairs]
    values = 4 + KEYS + rng.integers(0, VALUES, (rows, pairs))
    source = np.stack([keys, values], axis=2).reshape(rows, -1)
    which = rng.integers(0, pairs, (rows, asked))
    target = np.stack([np.take_along_axis(x, which, axis=1) for x in (keys, values)], axis=2).reshape(rows, -1)
    return source.astype("int32"), target.astype("int32")


def trained(recipe, changes, steps, longest):
    """Return a model that was trained on sources of any length up to the longest."""
    import keras
    import tensorflow as tf

    import keras_transformers as kt

    model = kt.build(recipe, {"model.vocab_size": VOCABULARY, **changes})
    print(f"{recipe}: {model.count_params():,} parameters, seed {changes['seed']}", file=sys.stderr)
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=2e-3, warmup_steps=steps // 20)
    optimizer = keras.optimizers.Adam(rate, global_clipnorm=1.0)
    optimizer.build(model.trainable_variables)

    @tf.function(reduce_retracing=True)
    def update(source, target):
        with tf.GradientTape() as tape:
            logits = model({"source": source, "target": target[:, :-1]}, training=True)[:, ::2]
            loss = tf.reduce_mean(
                keras.losses.sparse_categorical_crossentropy(target[:, 1::2], logits, from_logits=True)
            )
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    rng = np.random.default_rng(changes["seed"])
    for _ in range(steps):
        words = 2 * int(np.exp(rng.uniform(np.log(2), np.log(longest // 2 + 1))))
        loss = update(*map(tf.constant, examples(rng, min(64, 6400 // words), words)))
    print(f"loss {float(loss):.3f} after {steps} steps", file=sys.stderr)
    return model


def accuracy(model, distance, rows=500):
    """Return the share of 500 keys, each the first of its source, after which the model says their value."""
    source, _ = examples(np.random.default_rng(77), rows, distance)
    logits = model.predict({"source": source, "target": source[:, :1]}, batch_size=50, verbose=0)
    return float(np.mean(np.argmax(logits[:, 0], axis=1) == source[:, 1]))


if __name__ == "__main__":
    main()
