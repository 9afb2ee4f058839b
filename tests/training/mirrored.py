"""Run by test_strategies.py in processes of their own: `mirrored.py steps|train ARGUMENT`.

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
from keras_transformers.training.strategies import strategy_of  # noqa: E402
from keras_transformers.training.trainer import TokenModel  # noqa: E402

VOCABULARY = 37


def optimizers():
    """Return how to make each optimizer, and the updates it makes."""
    return {
        "sgd": (lambda: keras.optimizers.SGD(0.5), 1),
        "adam": (lambda: Adam(learning_rate=0.003), 4),
        "adam_clipped": (lambda: Adam(learning_rate=0.003, clip_norm=0.1), 4),
    }


def batches(count):
    """Yield batches whose second half has far more padding than the first, or is missing."""
    rng = np.random.default_rng(5)
    for rows in (6, 5, 1, 6)[:count]:
        source = rng.integers(4, VOCABULARY, (rows, 7)).astype("int32")
        target = rng.integers(4, VOCABULARY, (rows, 11)).astype("int32")
        source[3:, 2:] = 0
        target[3:, 3:] = 0
        yield {"source": source, "target": target}, np.roll(target, -1, 1) * (target != 0)


def weights_after(strategy, make, count):
    """Return the weights before and after, and the logs, of `count` updates on global batches."""
    recipe = "transformer_tiny"
    small = {"model.dim": 16, "model.vocab_size": VOCABULARY, "model.dropout": 0.0}
    for side in ("encoder", "decoder"):
        small |= {f"model.{side}.layers": 1, f"model.{side}.block.dropout": 0.0}
    with strategy.scope():
        model = build(recipe, small)
        trainer = TokenModel(inputs=model.inputs, outputs=model.outputs)
        trainer.compile(optimizer=make(), loss=TokenCrossEntropy(label_smoothing=0.1))
        trainer.optimizer.build(model.trainable_variables)
    data = list(batches(count))
    ids = tf.TensorSpec((None, None), tf.int32)
    dataset = tf.data.Dataset.from_generator(
        lambda: iter(data), output_signature=({"source": ids, "target": ids}, ids)
    ).apply(tf.data.experimental.assert_cardinality(count))
    start = model.get_weights()
    history = trainer.fit(dataset, verbose=0, shuffle=False)
    return start, model.get_weights(), history.history


def steps():
    """Return, for each optimizer, the greatest difference of one and two replicas, and the change."""
    found = {}
    for name, (make, count) in optimizers().items():
        start, one, logs = weights_after(tf.distribute.get_strategy(), make, count)
        _, two, other = weights_after(strategy_of("mirrored"), make, count)
        found[name] = {
            "difference": max(float(np.abs(a - b).max()) for a, b in zip(one, two)),
            "change": max(float(np.abs(a - b).max()) for a, b in zip(one, start)),
            "logs": [logs, other],
        }
    return {"replicas": strategy_of("mirrored").num_replicas_in_sync, "optimizers": found}


def whole(argument):
    """Train a recipe for two epochs, go on for a third, and return the history and the report."""
    argument = json.loads(argument)
    train(**argument)
    run = train(argument["recipe"], argument["run"], {"training.epochs": 3}, resume=True)
    return {"history": run.history, "report": run.report}


print(json.dumps(steps() if sys.argv[1] == "steps" else whole(sys.argv[2])))
