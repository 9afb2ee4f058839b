"""What is relied on where private methods of Keras are overridden: a new version of Keras fails here first."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from close import SUMS, assert_close
from keras.src.backend.tensorflow.optimizer import TFOptimizer
from keras.src.backend.tensorflow.trainer import TensorFlowTrainer

from keras_transformers.training import keras_private
from keras_transformers.training.optimizers import Adam, AdamW
from keras_transformers.training.trainer import TokenModel

OVERRIDDEN = {
    keras_private.BuiltBeforeFit: TensorFlowTrainer,
    keras_private.ClipsTheSum: TFOptimizer,
    keras_private.DecaysInItsUpdate: TFOptimizer,
}


def methods(kind):
    return {name: method for name, method in vars(kind).items() if inspect.isfunction(method)}


def arguments(method):
    """Return name, kind and default of each argument; Keras annotates none."""
    return [(each.name, each.kind, each.default) for each in inspect.signature(method).parameters.values()]


@pytest.mark.parametrize("kind", OVERRIDDEN, ids=lambda kind: kind.__name__)
def test_keras_has_the_methods_with_the_same_arguments(kind):
    for name, method in methods(kind).items():
        assert arguments(method) == arguments(getattr(OVERRIDDEN[kind], name)), name


def test_they_are_all_that_is_overridden():
    """No class of ours overrides a private method of Keras's anywhere else."""
    for kind in (Adam, AdamW, TokenModel):
        own = [base for base in kind.__mro__ if base.__module__.startswith("keras_transformers.")]
        theirs = [base for base in kind.__mro__ if base.__module__.startswith("keras.src.")]
        private = {name for base in theirs for name in vars(base) if name.startswith("_") and not name.startswith("__")}
        for base in own:
            if base not in OVERRIDDEN:
                assert not private & set(methods(base)), base


def calls_of_a_step(monkeypatch, **options):
    """Return which methods a step of Keras's Adam calls, in order, and the gradients that are to be clipped."""
    called, seen = [], []
    for name in ("_clip_gradients", "_apply_weight_decay", "_all_reduce_sum_gradients", "update_step"):
        original = getattr(keras.optimizers.Adam, name)

        def recorded(self, first, *rest, original=original, name=name):
            called.append(name)
            if name == "_clip_gradients":
                seen.append(first)
            return original(self, first, *rest)

        monkeypatch.setattr(keras.optimizers.Adam, name, recorded)
    variables = [keras.Variable(np.ones(shape, "float32")) for shape in ((3,), (5,), (7,))]
    gradients = [tf.ones(3), None, tf.ones(7)]
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        keras.optimizers.Adam(**options).apply_gradients(zip(gradients, variables))
    return called, seen


@pytest.mark.parametrize("options", [{}, {"global_clipnorm": 1.0}, {"weight_decay": 0.1}], ids=str)
def test_a_step_clips_once_decays_once_and_then_sums_once(monkeypatch, options):
    called, (gradients,) = calls_of_a_step(monkeypatch, **options)
    updates = ["update_step"] * 2
    assert called == ["_clip_gradients", "_apply_weight_decay", "_all_reduce_sum_gradients", *updates]
    assert [gradient.shape for gradient in gradients] == [(3,), (7,)]


def test_gradients_are_clipped_where_replicas_can_be_summed(monkeypatch):
    contexts = []
    monkeypatch.setattr(
        keras.optimizers.SGD,
        "_clip_gradients",
        lambda self, grads: contexts.append(tf.distribute.get_replica_context()) or grads,
    )
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        variable = keras.Variable(np.ones(3, "float32"))
        optimizer = keras.optimizers.SGD()
        optimizer.build([variable])
    strategy.run(lambda: optimizer.apply([tf.ones(3)], [variable]))
    assert len(contexts) == 1
    assert contexts[0] is not None


def test_what_is_excluded_from_decay_is_asked_for_by_tensorflows_variable():
    variables = [keras.Variable(np.ones((3, 5), "float32"), name=name) for name in ("kept", "spared")]
    optimizer = keras.optimizers.AdamW()
    optimizer.exclude_from_weight_decay(var_names=["spared"])
    optimizer.build(variables)
    assert [optimizer._use_weight_decay(variable.value) for variable in variables] == [True, False]


def test_fit_and_evaluate_need_nothing_of_a_symbolic_build(monkeypatch):
    built = []
    monkeypatch.setattr(TensorFlowTrainer, "_maybe_symbolic_build", lambda self, **batch: built.append(set(batch)))
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(1, kernel_initializer="ones")(inputs))
    model.compile("sgd", "mse", jit_compile=False)
    x, y = np.ones((5, 3), "float32"), np.ones((5, 1), "float32")
    model.fit(x, y, verbose=0)
    loss = model.evaluate(x, y, verbose=0)
    assert built == [{"iterator"}, {"iterator"}]
    # One step from 3 towards 1: the gradient is 2 (3 - 1) for each of three weights and the bias.
    assert_close(loss, (3 - 0.01 * 4 * 4 - 1) ** 2, SUMS)
