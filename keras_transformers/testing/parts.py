"""Checks of components other than layers against the contract of their slot.

Each check takes `make`, which makes a fresh component from a seed; it raises AssertionError, or whatever the component
raises.
"""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..registry.contracts import base_of, missing_methods
from ..slots import contract
from .examples import B, T, random

Make = Callable[..., Any]

TEXTS = ["one two three four five", "two three four five six", "three four five six seven", "one six five two"]
REFERENCES = {
    "texts": TEXTS,
    "labels": ["x", "y", "x", "z"],
    "numbers": [1.0, 2.0, 4.0, 3.0],
    "tags": [["B-x", "I-x", "O"], ["O", "B-y"], ["O"], ["B-x"]],
    "answers": [["here", "there"], ["one"], ["two"], ["three"]],
}
"""Right answers, by what a metric scores."""

TINY = {"model.dim": 16, "model.encoder.layers": 2, "model.vocab_size": 19, "tokenizer": None}
TINY |= {"model.encoder.block.attention.heads": 2, "model.encoder.block.feed_forward.hidden_dim": 13}
TINY_DECODER = {"task": None, "data": None, "training": None, "model.decoder.layers": 1}
TINY_DECODER |= {"model.decoder.block.attention.heads": 2, "model.decoder.block.feed_forward.hidden_dim": 13}


def checks_of_part(slot: str) -> dict[str, Callable[[Make], None]]:
    """Return the checks of a slot that holds no layers, by name."""
    return {"contract": partial(_contract, slot=slot), **CHECKS.get(slot, {})}


def require(true: Any, sentence: str) -> None:
    """Raise AssertionError with a sentence unless something is true."""
    if not true:
        raise AssertionError(sentence)


def _contract(make: Make, slot: str) -> None:
    """It has what its slot asks for."""
    rules = contract(slot)
    if rules is None:
        raise AssertionError(f"the slot `{slot}` has no contract in keras_transformers/slots.py.")
    base_of(rules)
    missing = missing_methods(make.kind, rules)  # type: ignore[attr-defined]
    require(not missing, f"it lacks {', '.join(missing)}, which {rules.base} asks for.")


def _scores(make: Make) -> None:
    """Who is always right gets the best score, and each answer alone may be scored."""
    metric = make()
    references = REFERENCES[metric.scores]
    best = metric(metric.perfect(references), references)
    require(metric.name in best, f"its scores {sorted(best)} lack `{metric.name}`, its name.")
    require(np.isfinite(best[metric.name]), f"`{metric.name}` of who is always right is {best[metric.name]}.")
    other = metric(metric.perfect(references[::-1]) if metric.scores != "tags" else references, references)
    sign = -1 if metric.name.endswith("loss") else 1
    fair = sign * other[metric.name] <= sign * best[metric.name]
    require(fair, "who is wrong gets a better score than who is right.")
    each = metric.each(metric.perfect(references), references)
    require(each is None or len(each) == len(references), "`each` must return a score for each answer, or None.")


def _text(make: Make) -> None:
    """Text becomes ids and text again, in the graph too, after it was learnt and after it was loaded."""
    import tensorflow as tf

    tokenizer, again = make(), make()
    texts = tf.constant(TEXTS)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.train(TEXTS * 9, Path(folder) / "tokenizer")
        again.load(Path(folder) / "tokenizer")
    ids = tokenizer.tokenize(texts)
    require(isinstance(ids, tf.RaggedTensor) and ids.dtype == tf.int32, "`tokenize` must return ragged int32.")
    low, high = int(tf.reduce_min(ids.flat_values)), int(tf.reduce_max(ids.flat_values))
    require(low > 0 and high < tokenizer.size, f"ids are {low} to {high}, but must be 1 to {tokenizer.size - 1}.")
    written = [text.decode("utf-8") for text in tokenizer.detokenize(ids).numpy()]
    require(written == tokenizer.normalize(TEXTS), f"`detokenize` gives {written[0]!r} for {TEXTS[0]!r}.")
    for name, other in (("loaded", again.tokenize(texts)), ("in a graph", tf.function(tokenizer.tokenize)(texts))):
        require(other.to_list() == ids.to_list(), f"{name}, it gives other ids.")


def _examples(make: Make) -> None:
    """It gives examples of the class that it says."""
    source = make()
    examples = source.read(None)
    require(isinstance(examples, source.gives), f"`read` gives {type(examples).__name__}, not {source.gives.__name__}.")
    require(len(examples) > 0, "`read` gives no examples.")


def _rates(make: Make) -> None:
    """Rates are finite numbers, none below 0, and the same once it is saved."""
    schedule = make()
    again = type(schedule).from_config(schedule.get_config())
    for step in range(0, 97, 8):
        rate = float(schedule(step))
        require(np.isfinite(rate) and rate >= 0, f"the rate at step {step} is {rate}.")
        require(rate == float(again(step)), "saved and loaded, it gives other rates.")


def _descends(make: Make) -> None:
    """It finds the bottom of a bowl, and survives saving."""
    import keras

    optimizer = make()
    variable = keras.Variable(np.array([3.0, -2.0], "float32"))
    optimizer.build([variable])
    optimizer.learning_rate = 0.05
    for _ in range(60):
        optimizer.apply_gradients([(2.0 * variable.value, variable)])
    left = float(keras.ops.sum(keras.ops.square(variable)))
    require(left < 6.5, f"after 60 steps down from 13, the loss is {left:.3g}.")
    type(optimizer).from_config(optimizer.get_config())


def _totals(make: Make) -> None:
    """Its totals are finite, and those of a batch are the sum of those of its parts, as of replicas."""
    loss = make()
    labels, outputs = _batches()[loss.facts["learns"]]
    whole = [float(value) for value in loss.totals(labels, outputs)]
    require(np.isfinite(whole).all() and whole[1] > 0, f"its totals are {whole}.")
    parts = [loss.totals(*_rows((labels, outputs), rows)) for rows in (slice(1), slice(1, None))]
    both = np.sum([[float(value) for value in part] for part in parts], axis=0)
    require(np.allclose(both, whole, rtol=1e-4), f"the totals of two parts of a batch sum to {both}, not {whole}.")
    again = type(loss).from_config(loss.get_config())
    require(again.get_config() == loss.get_config(), "its configuration is not kept.")


def _batches() -> dict[str, Any]:
    numbers = np.random.default_rng(0)
    ids, classes = numbers.integers(1, 7, (B, T)).astype("int32"), numbers.integers(0, 5, B).astype("int32")
    ids[0, 3:] = 0
    return {
        "tokens": (ids, random(B, T, 7)),
        "classes": ({"label": classes}, random(B, 5)),
        "numbers": ({"label": random(B)}, random(B, 1)),
        "cosines": ({"cosine": random(B)}, {"first": random(B, 7), "second": random(B, 7) + 1.0}),
        "tags": ({"tags": ids - 1}, random(B, T, 7)),
        "spans": ({"start": classes, "end": classes}, {"start": random(B, T), "end": random(B, T)}),
    }


def _rows(values: Any, rows: slice) -> Any:
    if isinstance(values, tuple):
        return tuple(_rows(value, rows) for value in values)
    if isinstance(values, dict):
        return {name: _rows(value, rows) for name, value in values.items()}
    return values[rows]


def _finds(make: Make) -> None:
    """It says ids of the vocabulary within its limit, with their log-probabilities, and each text alone as with others.

    All of it also goes on from a beginning that is given.
    """
    import tensorflow as tf

    from ..api.build import build
    from .examples import perturb

    search, model = make(), perturb(build("transformer_tiny", {**TINY, **TINY_DECODER}))
    source = np.array([[5, 7, 9, 3], [6, 3, 0, 0]], "int32")
    begun = np.array([[model.start, 8, 11], [model.start, 4, 0]], "int32")
    for where, given in (("", {"source": source}), (" from a given beginning", {"source": source, "target": begun})):
        ask = tf.function(lambda **ids: search(model, ids))
        any_shape = {name: tf.TensorSpec((None, None), tf.int32, name) for name in given}
        ask = ask.get_concrete_function(**any_shape)
        found = ask(**{name: tf.constant(ids) for name, ids in given.items()})
        _is_found(search, found, given, where)
        _is_probable(model, found, given, where)
        for row in range(2):
            cut = {name: ids[row : row + 1, : np.count_nonzero(ids[row])] for name, ids in given.items()}
            alone = ask(**{name: tf.constant(ids) for name, ids in cut.items()})
            best = [np.trim_zeros(np.array(ids), "b").tolist() for ids in (alone.ids[0, 0], found.ids[row, 0])]
            same = best[0] == best[1] and np.allclose(alone.scores[0], found.scores[row], rtol=1e-4, atol=1e-4)
            require(same, f"what it answers a text{where} depends on the others in the batch.")


def _is_found(search: Any, found: Any, given: dict[str, Any], where: str) -> None:
    """Require answers of the right shapes that end within the limit of their text."""
    from ..text.special import EOS

    ids, scores = np.array(found.ids), np.array(found.scores)
    right = ids.ndim == 3 and ids.shape[:2] == (2, search.answers)
    require(right, f"it gives ids {ids.shape}, which are not (2, {search.answers}, length): texts, answers, tokens.")
    require(scores.shape == ids.shape[:2], f"it gives scores {scores.shape}, but must give one an answer.")
    require(np.isfinite(scores[:, 0]).all(), "its best answer must have a log-probability.")
    require(ids.min() >= 0 and ids.max() < 19, "it says ids that the vocabulary has not.")
    limits = np.array(search.limit(np.count_nonzero(given["source"], axis=1)))
    before = np.count_nonzero(given["target"], axis=1) - 1 if "target" in given else np.zeros(2, int)
    for row, limit in enumerate(np.maximum(limits - before, 1)):
        for answer in ids[row]:
            said = np.count_nonzero(answer)
            require(said <= limit, f"it says {said} tokens{where}, more than the {limit} allowed.")
            ends = np.flatnonzero(answer == EOS)
            last = ends[0] + 1 if ends.size else said
            require(not answer[last:].any(), f"it says {answer.tolist()}: after the end must be 0.")


def _is_probable(model: Any, found: Any, given: dict[str, Any], where: str) -> None:
    """Require of each answer the log-probabilities that the whole pass gives."""
    from ..decoding.likelihood import token_log_probabilities

    for row, (answers, scores, of_tokens) in enumerate(zip(*map(np.array, found), strict=True)):
        begun = given["target"][row] if "target" in given else np.array([model.start])
        begun = begun[: np.count_nonzero(begun)]
        for answer, score, each in zip(answers[np.isfinite(scores)], scores[np.isfinite(scores)], of_tokens):
            read = np.concatenate([begun, answer[:-1]])[None]
            logits = model({"source": given["source"][row : row + 1], "target": read})[:, len(begun) - 1 :]
            expected = np.array(token_log_probabilities(logits, answer[None], model.start))[0]
            right = np.allclose(each, expected, rtol=1e-3, atol=1e-3)
            require(right, f"`token_scores`{where} must be {expected.round(3).tolist()}, but are {each.tolist()}.")
            right = np.isclose(score, expected.sum(), rtol=1e-3, atol=1e-3)
            require(right, f"a score{where} must be the log-probability {expected.sum():.4g}, but is {score:.4g}.")


def _initializes(make: Make) -> None:
    """It changes the weights of a new model, leaves them numbers, and is saved with the model."""
    import keras

    from ..api.build import build

    plain, changed = build("bert_tiny", TINY), build("bert_tiny", TINY)
    initialization = make()
    initialization.apply(changed)
    pairs = list(zip(plain.get_weights(), changed.get_weights(), strict=True))
    require(all(np.isfinite(after).all() for _, after in pairs), "it leaves weights that are no numbers.")
    require(any((before != after).any() for before, after in pairs), "it changes nothing.")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(initialization))
    require(type(again) is type(initialization), "Keras does not read back what it has saved: register it with Keras.")


def _adapts(make: Make) -> None:
    """It takes a model and its optimizer, and says what it has done."""
    from ..api.build import build
    from ..training.optimizers import Adam

    notes = make().apply(build("bert_tiny", TINY), Adam(learning_rate=0.1))
    require(isinstance(notes, list) and all(isinstance(note, str) for note in notes), "`apply` must return sentences.")


def _strategies(make: Make) -> None:
    """It gives a strategy of TensorFlow's, the same one each time."""
    import tensorflow as tf

    strategy = make().make()
    require(isinstance(strategy, tf.distribute.Strategy), f"`make` returns a {type(strategy).__name__}.")
    require(make().make() is strategy, "`make` must return the same strategy each time: two at once do not work.")


def _called(make: Make) -> None:
    """A training with it comes to its end, and what it logs are numbers."""
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", loss="mse")
    data = random(B, 3), random(B, 2)
    history = model.fit(*data, validation_data=data, epochs=2, verbose=0, callbacks=[make()]).history
    require(all(np.isfinite(values).all() for values in history.values()), f"it logs {history}.")


CHECKS: dict[str, dict[str, Callable[[Make], None]]] = {
    "metric": {"scores": _scores},
    "tokenizer": {"text": _text},
    "source": {"examples": _examples},
    "schedule": {"rates": _rates},
    "optimizer": {"descent": _descends},
    "loss": {"totals": _totals},
    "search": {"search": _finds},
    "initialization": {"weights": _initializes},
    "adaptation": {"adaptation": _adapts},
    "strategy": {"strategy": _strategies},
    "callback": {"fit": _called},
}
