"""Distribution strategies (slot `strategy`), and which process writes."""

import abc
from functools import cache

import tensorflow as tf

from ..signature import register


class Strategy(abc.ABC):
    """Which devices train, and how they share the work.

    Whoever writes one fills `make`. The model, its optimizer and its batches are made in the scope of what it returns.
    """

    @abc.abstractmethod
    def make(self) -> tf.distribute.Strategy:
        """Return the `tf.distribute.Strategy`: of the same devices the same one, each time that it is asked."""


@register("strategy", "one")
class One(Strategy):
    """A single device."""

    def make(self) -> tf.distribute.Strategy:
        return tf.distribute.get_strategy()


@register("strategy", "mirrored")
class Mirrored(Strategy):
    """A replica of the model on each GPU that is visible or, where there is none, on each logical CPU."""

    def make(self) -> tf.distribute.Strategy:
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return _mirrored(tuple(device.name for device in devices))


@register("strategy", "auto")
class Auto(Strategy):
    """`mirrored` if there are several GPUs, else `one`."""

    def make(self) -> tf.distribute.Strategy:
        several = len(tf.config.list_logical_devices("GPU")) > 1
        return (Mirrored() if several else One()).make()


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
