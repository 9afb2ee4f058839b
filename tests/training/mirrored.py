"""Run by test_strategy.py in processes of their own: `mirrored.py steps|train ARGUMENT`.

A process sees two logical CPUs, prints one line of JSON, and ends.
"""

import json
import sys

import keras
import numpy as np
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

from keras_transformers.api.build import build  # noqa: E402
from keras_transformers.api.train import train  # noqa: E402
from keras_transformers.losses.cross_entropy import TokenCrossEntropy  # noqa: E402
from keras_transformers.training.optimizers import Adam  # noqa: E402
from keras_transformers.training.strategy import Mirrored  # noqa: E402
from keras_transformers.training.trainer import TokenModel  # noqa: E402

VOCABULARY = 37
RATE = 0.003


class Spread(keras.layers.Layer):
    """Adds to the loss the mean square of an example, averaged over the examples."""

    def call(self, x):
        self.add_loss(keras.ops.mean(keras.ops.square(x)))
        return x


def cases():
    """Return how to make each model with its optimizer, and the updates it makes."""
    # With Keras's epsilon, 1e-7, Adam would make steps of what is but rounding, such as the gradient of a key's bias.
    adam = {"learning_rate": RATE, "epsilon": 1e-4}
    return {
        "sgd": (transformer, lambda: keras.optimizers.SGD(0.5), 1),
        "adam": (transformer, lambda: Adam(**adam), 4),
        "adam_clipped": (transformer, lambda: Adam(**adam, clip_norm=0.1), 4),
        "added_losses_and_weights": (with_added_losses, lambda: keras.optimizers.SGD(0.5), 4),
        "plain_keras": (plain_transformer, lambda: keras.optimizers.SGD(0.5), 1),
    }


def transformer(optimizer):
    """Return a small Transformer, compiled as training does."""
    small = {"model.dim": 16, "model.vocab_size": VOCABULARY, "model.dropout": 0.0}
    for side in ("encoder", "decoder"):
        small |= {f"model.{side}.layers": 1, f"model.{side}.block.dropout": 0.0}
    model = build("transformer_tiny", small)
    trainer = TokenModel(inputs=model.inputs, outputs=model.outputs)
    trainer.compile(optimizer=optimizer, loss=TokenCrossEntropy(label_smoothing=0.1))
    return trainer


def plain_transformer(optimizer):
    """Return the same as a Keras model, whose replicas each take a mean of their own."""
    model = transformer(optimizer)
    plain = keras.Model(model.inputs, model.outputs)
    plain.compile(optimizer=optimizer, loss=TokenCrossEntropy(label_smoothing=0.1), jit_compile=False)
    return plain


def with_added_losses(optimizer):
    """Return a model with a regularizer, and a layer that adds a loss of its own."""
    keras.utils.set_random_seed(0)
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in ("source", "target")}
    states = Spread()(keras.layers.Embedding(VOCABULARY, 5, embeddings_initializer="normal")(inputs["target"]))
    logits = keras.layers.Dense(VOCABULARY, kernel_regularizer=keras.regularizers.L2(0.03))(states)
    model = TokenModel(inputs=inputs, outputs=logits)
    model.compile(optimizer=optimizer, loss=TokenCrossEntropy())
    return model


def batches(count):
    """Yield batches whose second half has far more padding than the first, or is missing, and weights of examples."""
    rng = np.random.default_rng(5)
    for rows in (6, 5, 1, 6)[:count]:
        source = rng.integers(4, VOCABULARY, (rows, 7)).astype("int32")
        target = rng.integers(4, VOCABULARY, (rows, 11)).astype("int32")
        source[3:, 2:] = 0
        target[3:, 3:] = 0
        weights = rng.uniform(0.1, 2.0, rows).astype("float32")
        yield {"source": source, "target": target}, np.roll(target, -1, 1) * (target != 0), weights


def weights_after(strategy, make, optimizer, count):
    """Return the weights before and after, the logs of `count` updates, and those of an evaluation after them."""
    with strategy.scope():
        model = make(optimizer())
        model.optimizer.build(model.trainable_variables)
    data = list(batches(count))
    weighted = make is with_added_losses
    ids, weights = tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None,), tf.float32)
    dataset = tf.data.Dataset.from_generator(
        lambda: iter(data), output_signature=({"source": ids, "target": ids}, ids, weights)
    ).apply(tf.data.experimental.assert_cardinality(count))
    if not weighted:
        dataset = dataset.map(lambda x, y, _: (x, y))
    start = model.get_weights()
    history = model.fit(dataset, verbose=0, shuffle=False).history
    return start, model.get_weights(), [history, model.evaluate(dataset, verbose=0, return_dict=True)]


def steps():
    """Return, for each case, the greatest difference of one and two replicas, and the greatest change."""
    found = {}
    for name, (make, optimizer, count) in cases().items():
        start, one, logs = weights_after(tf.distribute.get_strategy(), make, optimizer, count)
        _, two, other = weights_after(Mirrored().make(), make, optimizer, count)
        found[name] = {
            "difference": max(float(np.abs(a - b).max()) for a, b in zip(one, two)),
            "change": max(float(np.abs(a - b).max()) for a, b in zip(one, start)),
            "logs": [logs, other],
        }
    return {"replicas": Mirrored().make().num_replicas_in_sync, "cases": found}


def whole(argument):
    """Train a recipe for two epochs, go on for a third, and return the history and the report."""
    argument = json.loads(argument)
    train(**argument)
    run = train(argument["recipe"], argument["run"], {"training.epochs": 3}, resume=True)
    return {"history": run.history, "report": run.report}


print(json.dumps(steps() if sys.argv[1] == "steps" else whole(sys.argv[2])))
