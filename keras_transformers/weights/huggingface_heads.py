"""Maps Transformers' head classes and their config.json to tasks, and back."""

from ..errors import CheckpointError
from .pretraining import MASKED_LM, PRETRAINING, is_like_theirs, masked_lm_task

ARCHITECTURES = {
    "BertForPreTraining": ("masked_lm", PRETRAINING),
    "BertForMaskedLM": ("masked_lm", (MASKED_LM,)),
    "BertForQuestionAnswering": ("question_answering", ("spans",)),
    "BertForTokenClassification": ("tagging", ("classifier",)),
    "BertForSequenceClassification": ("classification", ("classifier",)),
}
"""Their class, our task, and the parts of its head. One label of a whole text is a number: `task/regression`."""

WITHOUT_HEAD = "BertModel"
WHOLE_TEXT = "BertForSequenceClassification"
OURS = "keras_transformers"
"""Key of config.json that keeps what no key of theirs says of a task; Transformers leaves it as it is."""

KEPT = {
    "pair": bool,
    "null_answers": bool,
    "null_threshold": float,
    "length": int,
    "stride": int,
    "max_question": int,
    "max_answer": int,
    "next_sentence": bool,
}
LENGTHS = {"tagging": 256, "question_answering": 384}
"""The lengths that tasks read together, if the model has so many positions."""


def architecture(task, parts):
    """Return their class for a task and the parts of its head, their class without a head if there is none.

    Args:
        task: Our name of it, or None.
        parts: Names, as in a table above.
    """
    if not parts:
        return WITHOUT_HEAD
    found = [theirs for theirs, (ours, those) in ARCHITECTURES.items() if those == parts]
    named = [theirs for theirs in found if ARCHITECTURES[theirs][0] == task]
    if named or len(found) < 2:
        return (named or found or [WITHOUT_HEAD])[0]
    return WHOLE_TEXT


def head_settings(task, parts, count):
    """Return what config.json says of a task.

    Args:
        task: The section of a run's recipe, `{}` without one.
        parts: Of its head.
        count: The number of outputs of a classifier, or None.
    """
    kind = task.get("type")
    found = {"architectures": [architecture(kind, parts)]}
    if count is not None:
        named = [str(one) for one in task.get("labels") or []]
        labels = named if len(named) == count else unnamed(count)
        found["id2label"] = {str(index): label for index, label in enumerate(labels)}
        found["label2id"] = {label: index for index, label in enumerate(labels)}
        if found["architectures"] == [WHOLE_TEXT]:
            found["problem_type"] = "regression" if count == 1 else "single_label_classification"
        if task.get("dropout") is not None:
            found["classifier_dropout"] = task["dropout"]
    kept = {name: task[name] for name in KEPT if task.get(name) is not None}
    return {**found, **({OURS: {"task": kind, **kept}} if parts and kept else {})}


def head_task(config, shapes, sizes, length, path):
    """Return the section `task` of a folder of Transformers, or None, and a list of notes for the user.

    Args:
        config: Its config.json.
        shapes: {name: shape} of its tensors.
        sizes: Its `Sizes`.
        length: The most tokens of a text that its tokenizer says; None: as many as it has positions.
        path: Its config.json, for messages.

    Raises:
        CheckpointError: The labels are damaged.
    """
    longest = length or sizes.positions
    names = config.get("architectures") or [WITHOUT_HEAD]
    theirs = names[0] if isinstance(names, list) else names
    if theirs == WITHOUT_HEAD:
        return None, []
    if not isinstance(theirs, str) or theirs not in ARCHITECTURES:
        return None, [f"{path}: the head of {theirs} is none that is read: the encoder is, alone."]
    task, parts = ARCHITECTURES[theirs]
    if task == "masked_lm":
        found, why = masked_lm_task(longest, "next_sentence" in parts), _no_masked_lm(config, shapes, sizes)
    elif task == "question_answering":
        found, why = _question_answering(longest), _no_other(shapes, "qa_outputs", 2)
    else:
        found, why = _classifier(task, config, shapes, sizes, path)
        if found and task == "tagging":
            found["length"] = min(LENGTHS[task], longest)
        elif found and length:
            found["length"] = length
    if why:
        return None, [f"{path}: the head of {theirs} is not read, {why}: the encoder is, alone."]
    kept = _kept(config, found["type"], sizes)
    return {**found, **kept}, _guessed(found["type"], kept, path)


def unnamed(count):
    """Return the labels that Transformers gives to those without a name."""
    return [f"LABEL_{index}" for index in range(count)]


def _no_masked_lm(config, shapes, sizes):
    """Return why the head of pre-training is not read, or None."""
    if config.get("tie_word_embeddings") is False:
        return "for its output is not tied to the embedding"
    if not is_like_theirs(sizes):
        return "for only one with gelu and a `layer_norm_eps` of 1e-12 is"
    return None if "cls.predictions.bias" in shapes else "for its tensors are not there"


def _no_other(shapes, name, count=None):
    """Return why a dense layer is not read, or None."""
    shape = shapes.get(f"{name}.bias")
    if shape is None:
        return "for its tensors are not there"
    return f"for it has {shape[0]} outputs, not {count}" if count not in (None, shape[0]) else None


def _classifier(task, config, shapes, sizes, path):
    """Return the section of a task with a classifier, and why it is not read, or None."""
    why = _no_other(shapes, "classifier")
    if why:
        return None, why
    count, kind = shapes["classifier.bias"][0], config.get("problem_type")
    dropout = config.get("classifier_dropout")
    dropout = sizes.dropout if dropout is None else dropout
    if task == "classification":
        if kind == "multi_label_classification":
            return None, "for it gives several labels at once"
        if count == 1:
            return {"type": "regression", "pair": False, "dropout": dropout}, None
        if kind == "regression":
            return None, f"for it gives {count} numbers"
        return {"type": task, "labels": _labels(config, count, path), "pair": False, "dropout": dropout}, None
    if count == 1:
        return None, "for it has a single label"
    return {"type": task, "labels": _labels(config, count, path), "dropout": dropout}, None


def _labels(config, count, path):
    """Return the labels in the order of their numbers.

    Raises:
        CheckpointError: `id2label` is not one of each number.
    """
    named = config.get("id2label")
    if named is None:
        return unnamed(count)
    numbers = [str(number) for number in range(count)]
    if not isinstance(named, dict) or set(named) != set(numbers):
        raise CheckpointError(f"{path}: `id2label` must name the labels 0 to {count - 1}, as `classifier` has them.")
    labels = [named[number] for number in numbers]
    if not all(isinstance(label, str) for label in labels) or len(set(labels)) < count:
        raise CheckpointError(f"{path}: `id2label` must hold a text of its own for each label.")
    return labels


def _question_answering(longest):
    length = min(LENGTHS["question_answering"], longest)
    # As of BERT's 384: windows overlap by two thirds, and a question takes a sixth.
    parts = {"stride": max(1, length // 3), "max_question": max(1, length // 6)}
    return {"type": "question_answering", "null_answers": False, "length": length, **parts}


def _kept(config, task, sizes):
    """Return what an export of this library said of the task, of the types that it has."""
    ours = config.get(OURS)
    if not isinstance(ours, dict) or ours.get("task") != task:
        return {}
    found = {name: ours[name] for name, kind in KEPT.items() if type(ours.get(name)) is kind}
    if "length" in found:
        found["length"] = min(found["length"], sizes.positions)
    return found


def _guessed(task, kept, path):
    """Return notes on what the configuration does not say."""
    guesses = {
        "classification": ("pair", "texts are read singly; for pairs write `pair: true`"),
        "regression": ("pair", "texts are read singly; for pairs write `pair: true`"),
        "question_answering": ("null_answers", "each question has an answer; if not, write `null_answers: true`"),
    }
    name, guess = guesses.get(task, (None, None))
    if name is None or name in kept:
        return []
    return [f"{path} does not say `{name}`: {guess} under `task` in the run's recipe.yaml."]
