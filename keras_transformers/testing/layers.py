"""The checks of layers: that they are Keras layers in every habit.

Each check takes `make`, which makes a fresh layer from a seed, and a `Call`; it raises AssertionError, or whatever the
layer raises.
"""

import copy
import inspect
import json
import pickle
import tempfile
import warnings
from functools import partial
from pathlib import Path

import keras
import numpy as np

from . import decoding
from .examples import B, Call, array, calls, perturb, random


def checks_of_layer(slot):
    """Return the checks of a slot of layers, by name."""
    first = next(iter(calls(slot).values()))
    single = Call(first.arrays[:1]) if slot == "position" else first  # `fit` cuts every input into batches of rows
    checks = {"arguments": _arguments}
    for name, call in calls(slot).items():
        suffix = "" if len(calls(slot)) == 1 else f" ({name})"
        for check in (_configuration, _copies, _shapes, _saving, _precision, _dtype, _lengths):
            checks[check.__name__.strip("_") + suffix] = partial(check, call=call)
        checks["gradients" + suffix] = partial(_gradients, call=single if slot == "position" else call)
    for check in (_dropout, _quantization, _lora, _summary, _two_models, _compiled, _fit, _strategy):
        checks[check.__name__.strip("_")] = partial(check, call=single)
    if len(single.arrays) == 1:
        for check in (_sequential, _time_distributed):
            checks[check.__name__.strip("_")] = partial(check, call=Call(single.arrays))
    if slot != "embedding":
        checks["masks"] = partial(_masks, call=first)
    return checks | {name: partial(check, slot=slot) for name, check in decoding.CHECKS.get(slot, {}).items()}


def model_of(layer, call):
    """Return the functional model of a call of any batch and length, its weights moved off zeros and ones."""
    inputs = call.inputs(known=False)
    return perturb(keras.Model(inputs.values, inputs.of(layer)))


def same(found, expected, what, tolerance=1e-5):
    """Raise unless two outputs are equal up to float32 sums in another order; the tolerance is of their size."""
    found, expected = array(found), array(expected)
    if found.shape != expected.shape:
        raise AssertionError(f"{what} has shape {found.shape}, not {expected.shape}.")
    scale = max(1.0, np.abs(expected).max(initial=0.0))
    difference = np.abs(found - expected).max(initial=0.0)
    if not difference <= tolerance * scale:
        raise AssertionError(f"{what} differs by {difference:.2g}.")


def _arguments(make):
    """Every argument of its constructor is an attribute and in its configuration."""
    layer = make()
    constructor = type(layer).__init__
    if constructor.__module__.partition(".")[0] == "keras":
        return
    config = layer.get_config()
    for name, parameter in list(inspect.signature(constructor).parameters.items())[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if not hasattr(layer, name):
            raise AssertionError(f"the argument `{name}` of its constructor must be an attribute.")
        if name not in config:
            raise AssertionError(f"`{name}` is missing from `get_config()`.")


def _configuration(make, call):
    """Its configuration is JSON, and makes a layer that computes the same."""
    layer = make()
    expected = call.of(layer)
    perturb(layer)
    expected = call.of(layer)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    for again in (keras.saving.deserialize_keras_object(config), type(layer).from_config(layer.get_config())):
        call.of(again)
        again.set_weights(layer.get_weights())
        same(call.of(again), expected, "what a layer made from `get_config()` computes")
        if again.get_config().keys() != layer.get_config().keys():
            raise AssertionError("a layer made from `get_config()` has another `get_config()`.")


def _copies(make, call):
    """Copies and pickles compute the same."""
    model = model_of(make(), call)
    expected = model(call.values)
    same(copy.deepcopy(model)(call.values), expected, "what a deep copy computes")
    same(pickle.loads(pickle.dumps(model))(call.values), expected, "what a pickled copy computes")
    for again in (keras.models.clone_model(model), keras.models.model_from_json(model.to_json())):
        again.set_weights(model.get_weights())
        same(again(call.values), expected, "what a clone computes")


def _shapes(make, call):
    """What it says of its outputs before it computes them is so."""
    eager, layer = call.of(make()), make()
    for known in (True, False):
        inputs = call.inputs(known)
        symbolic = inputs.of(layer)
        shapes = [tuple(symbolic.shape)]
        wanted = [name for name in inspect.signature(layer.compute_output_shape).parameters if name.endswith("_shape")]
        given = [tuple(tensor.shape) for tensor in inputs.arrays][: max(1, len(wanted))]
        shapes.append(tuple(layer.compute_output_shape(*given)))
        for shape in shapes:
            fits = len(shape) == len(eager.shape) and all(
                one in (None, other) for one, other in zip(shape, eager.shape)
            )
            if not fits or (known and shape != tuple(eager.shape)):
                raise AssertionError(
                    f"it says that its outputs have shape {shape}, but they have {tuple(eager.shape)}."
                )
        if symbolic.dtype != keras.backend.standardize_dtype(eager.dtype):
            raise AssertionError(f"it says that its outputs are {symbolic.dtype}, but they are {eager.dtype.name}.")
    if len(layer.weights) != len(make_called(make, call).weights):
        raise AssertionError("a symbolic call must build all its weights in `build`.")


def make_called(make, call):
    """Return a fresh layer that was called."""
    layer = make()
    call.of(layer)
    return layer


def _saving(make, call):
    """A `.keras` file and a `.weights.h5` file bring it back."""
    model = model_of(make(), call)
    expected = model(call.values)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        again = keras.saving.load_model(Path(folder) / "model.keras")
        same(again(call.values), expected, "what is loaded from a `.keras` file computes")
        model.save_weights(Path(folder) / "model.weights.h5")
        other = model_of(make(seed=2), call)
        other.load_weights(Path(folder) / "model.weights.h5")
        same(other(call.values), expected, "what is loaded from a `.weights.h5` file computes")


def _precision(make, call):
    """In mixed precision it computes in bfloat16 about the same, with weights of float32."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = make()
    finally:
        keras.config.set_dtype_policy(before)
    outputs = call.of(layer)
    if keras.backend.standardize_dtype(outputs.dtype) != "bfloat16":
        raise AssertionError(f"its outputs must be bfloat16 in mixed precision, but are {outputs.dtype.name}.")
    kinds = {keras.backend.standardize_dtype(weight.dtype) for weight in layer.trainable_weights} - {"float32"}
    if kinds:
        raise AssertionError(f"its weights must be float32 in mixed precision, but some are {kinds.pop()}.")
    same(outputs, call.of(make()), "what it computes in mixed precision", tolerance=0.1)  # bfloat16 has 8 bits


def _dtype(make, call):
    """A dtype of its own holds for its outputs, whatever its sublayers compute in."""
    layer = make_called(make, call)
    other = type(layer).from_config({**layer.get_config(), "dtype": "mixed_bfloat16"})
    call.of(other)
    other.set_weights(layer.get_weights())
    outputs = call.of(other)
    if keras.backend.standardize_dtype(outputs.dtype) != "bfloat16":
        raise AssertionError(
            f"its outputs must be bfloat16 with `dtype='mixed_bfloat16'`, but are {outputs.dtype.name}."
        )
    same(outputs, call.of(layer), "what it computes with a dtype of its own", tolerance=0.1)


def _lengths(make, call):
    """Sequences may be of length 0 and 1."""
    layer = make_called(make, call)
    whole = call.of(layer)
    for length in (0, 1):
        outputs = array(call.cut(length).of(layer))
        if outputs.shape != (whole.shape[0], length, *whole.shape[2:]):
            raise AssertionError(f"of sequences of length {length} its outputs have shape {outputs.shape}.")
        if not np.isfinite(outputs).all():
            raise AssertionError(f"of sequences of length {length} its outputs are not finite.")


def _gradients(make, call):
    """Every weight gets a gradient: plain `fit` moves it."""
    model = model_of(make(), call)
    before = [array(weight.value) for weight in model.trainable_weights]
    if not before:
        return
    model.compile(keras.optimizers.SGD(1.0), loss=_projection, jit_compile=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Gradients do not exist")  # said below, with the weight's name
        model.fit(call.values, random(*array(model(call.values)).shape), batch_size=B, verbose=0)
    for weight, old in zip(model.trainable_weights, before):
        moved = array(weight.value) - old
        if not np.isfinite(moved).all():
            raise AssertionError(f"the gradient of `{weight.path}` is not finite.")
        # A bias of the keys adds the same to every score of a query, which a softmax does not see.
        if not weight.path.endswith("key/bias") and np.abs(moved).max() < 1e-7:
            raise AssertionError(f"`{weight.path}` gets no gradient.")


def _projection(y_true, y_pred):
    return keras.ops.mean(y_true * keras.ops.cast(y_pred, "float32"), axis=tuple(range(1, len(y_pred.shape))))


def _dropout(make, call):
    """Without dropout, training computes what inference does."""
    layer = make_called(make, call)
    same(call.of(layer, **_training(layer, True)), call.of(layer), "what it computes with `training=True`")


def _training(layer, value):
    """Return the argument `training` for a layer whose call takes it."""
    return {"training": value} if "training" in inspect.signature(layer.call).parameters else {}


def _quantization(make, call):
    """`quantize("int8")` goes through the whole model, and changes little."""
    model = model_of(make(), call)
    expected = array(model(call.values))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Keras names each layer that has nothing to quantize
        model.quantize("int8")
    outputs = array(model(call.values))
    same(outputs, expected, "what it computes once it is quantized", tolerance=0.1)
    if inner_dense(model) and not any(weight.dtype == "int8" for weight in model.weights):
        raise AssertionError("none of its dense layers is quantized.")


def inner_dense(model):
    """Return the dense layers of a model, however deep."""
    return [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.Dense)]


def _lora(make, call):
    """Its dense layers may be adapted by LoRA: the change counts, and nothing else is trained in them."""
    model = model_of(make(), call)
    expected = model(call.values)
    for layer in inner_dense(model):
        layer.enable_lora(2)
        same(model(call.values), expected, "what it computes with LoRA that is new")
        layer.lora_kernel_b.assign(random(*layer.lora_kernel_b.shape))
        changed = array(model(call.values))
        if np.abs(changed - array(expected)).max() < 1e-6 and "key" not in layer.name:
            raise AssertionError(f"LoRA of `{layer.path}` changes nothing.")
        expected = changed


def _summary(make, call):
    """`summary` shows it, nested layers too."""
    lines = []
    model_of(make(), call).summary(expand_nested=True, print_fn=lambda line, **_: lines.append(line))
    if not lines:
        raise AssertionError("`summary(expand_nested=True)` prints nothing.")


def _two_models(make, call):
    """It may stand in two models, which share its weights."""
    layer = make()
    first, second = model_of(layer, call), model_of(layer, call)
    same(second(call.values), first(call.values), "what a second model with it computes")
    if {id(weight) for weight in first.weights} != {id(weight) for weight in second.weights}:
        raise AssertionError("two models with it do not share its weights.")


def _compiled(make, call):
    """XLA compiles it, and it computes the same."""
    layer = perturb(make_called(make, call))
    expected = call.of(layer)
    tensors = [keras.ops.convert_to_tensor(value) for value in call.values]
    count = len(call.arrays)

    def run(*values):
        return Call(values[:count], dict(zip(call.named, values[count:]))).of(layer)

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        run = tf.function(run, jit_compile=True)
    elif keras.backend.backend() == "jax":
        import jax

        run = jax.jit(run)
    same(run(*tensors), expected, "what it computes with XLA", tolerance=1e-4)


def _fit(make, call):
    """Plain `fit` and `predict` work, compiled by Keras as it likes."""
    model = model_of(make(), call)
    model.predict(call.values, verbose=0)
    if not model.trainable_weights:
        return
    model.compile("adam", loss=_projection)
    history = model.fit(call.values, random(*array(model(call.values)).shape), batch_size=2, verbose=0)
    if not np.isfinite(history.history["loss"]).all():
        raise AssertionError("the loss of plain `fit` is not finite.")


def _strategy(make, call):
    """Under a MirroredStrategy of this process's logical CPUs, one step of plain `fit` is that of one device."""
    if keras.backend.backend() != "tensorflow" or not make_called(make, call).trainable_weights:
        return
    from ..training.strategy import Mirrored, One

    several = Mirrored().make()
    size = several.num_replicas_in_sync * (B - 1)
    values = [_as_integers(np.concatenate([rows] * size)[:size]) for rows in call.values]
    weights = []
    for strategy in (One().make(), several):
        with strategy.scope():
            model = _of_integers(model_of(make(), call))
            model.compile(keras.optimizers.SGD(0.1), loss=_projection, jit_compile=False)
        model.fit(values, random(*array(model(values)).shape), batch_size=size, verbose=0)
        weights.append(model.get_weights())
    for alone, replicated in zip(*weights):
        found, expected = map(keras.ops.convert_to_tensor, (replicated, alone))
        same(found, expected, "a weight after a step of replicas")


def _of_integers(model):
    """Return the model with masks as integers: Keras takes the mean of the first batch over replicas; bool has none."""
    kinds = [tensor.dtype for tensor in model.inputs]
    inputs = [
        keras.Input(tensor.shape[1:], dtype="int32" if kind == "bool" else kind)
        for tensor, kind in zip(model.inputs, kinds)
    ]
    return keras.Model(inputs, model([keras.ops.cast(tensor, kind) for tensor, kind in zip(inputs, kinds)]))


def _as_integers(values):
    return values.astype("int32") if values.dtype == bool else values


def _sequential(make, call):
    """It may stand in a `Sequential`."""
    (x,) = call.arrays
    layer = make()
    model = keras.Sequential([keras.Input(x.shape[1:], dtype=str(x.dtype)), layer])
    same(model(x), layer(x), "what a `Sequential` with it computes")


def _time_distributed(make, call):
    """`TimeDistributed` applies it to each of several sequences."""
    (x,) = call.arrays
    layer = make()
    several = np.stack([x, x[::-1], 0 * x], axis=1)
    outputs = array(keras.layers.TimeDistributed(layer)(several))
    for number in range(several.shape[1]):
        same(
            keras.ops.convert_to_tensor(outputs[:, number]),
            layer(several[:, number]),
            "what `TimeDistributed` computes",
        )


def _masks(make, call):
    """An implicit mask of its first input goes on, so that what follows does not count padding."""
    layer = make()
    x = call.arrays[0]
    real = np.arange(x.shape[1]) < np.array([[x.shape[1]], [2], [3]])
    masked = keras.layers.Masking()(np.where(real[..., None], x, 0.0).astype("float32"))
    rest = {name: array for name, array in call.named.items() if name != "mask"}
    outputs = layer(masked, *call.arrays[1:], **rest)
    mask = getattr(outputs, "_keras_mask", None)
    if mask is None or not np.array_equal(array(mask), real):
        raise AssertionError(
            "the implicit mask of its first input must go on to its outputs (`supports_masking = True`)."
        )
    alone = layer(x[1:2, :2], *(cut_row(other) for other in call.arrays[1:]), **{n: a[1:2] for n, a in rest.items()})
    same(outputs[1:2, :2], alone, "what it computes of a padded sequence")


def cut_row(other):
    """Return row 1 of an array of rows, or the first two positions."""
    return other[:2] if other.ndim == 1 else other[1:2]
