"""Which devices train: `one`, `mirrored`, or `auto`; and which process of several writes."""

from functools import cache

import tensorflow as tf


def strategy_of(name: str) -> tf.distribute.Strategy:
    """Return the `tf.distribute.Strategy` of a recipe's `training.strategy`.

    `auto` mirrors over the GPUs where there are several; `mirrored` does so over whatever there
    is: all GPUs, else all logical CPUs.
    """
    gpus = tf.config.list_logical_devices("GPU")
    devices = tuple(device.name for device in gpus or tf.config.list_logical_devices("CPU"))
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        return _mirrored(devices)
    return tf.distribute.get_strategy()


@cache
def _mirrored(devices: tuple[str, ...]) -> tf.distribute.Strategy:
    """Return the one strategy of these devices.

    TensorFlow takes collective operations of the same number for the same, and each strategy counts its own anew: the
    second training of a process, of a model of other sizes, would end in "Shape mismatch in the collective instance".
    """
    return tf.distribute.MirroredStrategy(list(devices))


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Tell whether this process is the one that writes: of several workers, the chief, or else the first.

    Args:
        strategy: A `tf.distribute.Strategy`.
    """
    resolver = strategy.cluster_resolver
    if resolver is None or resolver.task_type in (None, "chief"):
        return True
    has_chief = "chief" in resolver.cluster_spec().as_dict()
    return resolver.task_type == "worker" and resolver.task_id == 0 and not has_chief
