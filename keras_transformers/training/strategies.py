"""Which devices train: `one`, `mirrored`, or `auto`."""

import tensorflow as tf


def strategy_of(name):
    """Return the `tf.distribute.Strategy` of a recipe's `training.strategy`.

    `auto` mirrors over the GPUs where there are several; `mirrored` does so over whatever there
    is: all GPUs, else all logical CPUs.
    """
    gpus = tf.config.list_logical_devices("GPU")
    devices = [device.name for device in gpus or tf.config.list_logical_devices("CPU")]
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        return tf.distribute.MirroredStrategy(devices)
    return tf.distribute.get_strategy()
