"""Runs of tasks, written for Transformers and read back: the same task, the same weights."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from close import NETWORK, assert_close
from small_bert import CONFIG, PIECES, RNG, SIZES, weights_of, write_folder

import keras_transformers as kt
from keras_transformers import recipe as recipes
from keras_transformers.api.export_huggingface import export_huggingface, sizes_in
from keras_transformers.api.import_checkpoint import import_checkpoint
from keras_transformers.cli import parser as cli
from keras_transformers.errors import CheckpointError, DataError
from keras_transformers.models.backbone import backbone_of
from keras_transformers.runs.run import Run
from keras_transformers.weights import open_checkpoint

GOLDENS = Path(__file__).parent / "goldens" / "heads.npz"
TOKENIZER = {"type": "wordpiece", "vocab_size": 29, "lowercase": True}
LABELS = ["bee", "ant", "--5"]
TASKS = {
    "classification": ({"labels": LABELS, "pair": False, "dropout": 0.3}, "BertForSequenceClassification"),
    "classification of pairs": ({"labels": LABELS, "pair": True}, "BertForSequenceClassification"),
    "regression": ({"pair": False}, "BertForSequenceClassification"),
    "tagging": ({"labels": ["O", "B", "I"], "length": 11}, "BertForTokenClassification"),
    "question_answering": (
        {"null_answers": True, "null_threshold": 0.5, "length": 13, "stride": 3, "max_question": 5, "max_answer": 7},
        "BertForQuestionAnswering",
    ),
    "masked_lm": ({"next_sentence": False, "length": 13}, "BertForMaskedLM"),
    "masked_lm with pairs": ({"next_sentence": True, "length": 11}, "BertForPreTraining"),
    "sentence_embedding": ({"pooling": "cls", "normalize": False}, "BertModel"),
    "sentence_embedding of means": ({"pooling": "mean", "normalize": True}, "BertModel"),
}


def make_run(path, task, model=None, tokenizer=(), rng=RNG):
    """Write a run as training leaves it."""
    tree = {"model": model or SIZES.model(), "tokenizer": {**TOKENIZER, **dict(tokenizer)}, "task": task}
    recipe = recipes.load(tree)
    run = Run(path)
    run.tokenizer_folder.mkdir(parents=True)
    (run.tokenizer_folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in PIECES))
    run.write_recipe(recipe)
    model = kt.build(recipe)
    for weight in model.weights:
        weight.assign(rng.normal(scale=0.3, size=weight.shape))
    model.save(run.model_file)
    return run


def there_and_back(run, tmp_path):
    assert export_huggingface(run, tmp_path / "theirs") == []
    return import_checkpoint(tmp_path / "theirs", tmp_path / "back")


@pytest.mark.parametrize("name", TASKS)
def test_the_task_goes_along(tmp_path, name):
    settings, architecture = TASKS[name]
    run = make_run(tmp_path / "run", {"type": name.partition(" ")[0], **settings})
    back = there_and_back(run, tmp_path)
    config = json.loads((tmp_path / "theirs" / "config.json").read_text())
    assert config["architectures"] == [architecture]
    assert back.recipe.tree["task"] == run.recipe.tree["task"]
    assert [note for note in back.report["notes"] if "is that of" not in note] == []
    expected = weights_of(run.model())
    found = weights_of(back.model())
    assert found.keys() == expected.keys()
    for weight, value in found.items():
        np.testing.assert_array_equal(value, expected[weight])


HEAD_OUTPUTS = {
    "BertForSequenceClassification": {"logits": "logits"},
    "BertForTokenClassification": {"logits": "logits"},
    "BertForQuestionAnswering": {"start": "start_logits", "end": "end_logits"},
    "BertForMaskedLM": {"masked": "logits"},
    "BertForPreTraining": {"masked": "prediction_logits", "next": "seq_relationship_logits"},
    "BertModel": {"sequence": "last_hidden_state", "pooled": "pooler_output"},
}


def exported(name, folder):
    """Write a run of a task with the same weights each time, and it for Transformers; return the run and its inputs."""
    settings, _ = TASKS[name]
    rng = np.random.default_rng(sorted(TASKS).index(name))
    run = make_run(folder / "run", {"type": name.partition(" ")[0], **settings}, rng=rng)
    export_huggingface(run, folder / "theirs")
    tokens, segments = rng.integers(5, len(PIECES), (3, 11)), np.zeros((3, 11), int)
    tokens[1, 7:], segments[:, 4:7] = 0, 1
    return run, {"tokens": tokens, "segments": segments}


@pytest.mark.parametrize("name", TASKS)
def test_transformers_computes_the_same(tmp_path, name):
    """What Transformers computes of these folders is in goldens/heads.npz, written by goldens/make.py."""
    run, inputs = exported(name, tmp_path)
    tokens, architecture = inputs["tokens"], TASKS[name][1]
    inputs["positions"] = np.tile(np.arange(11), (3, 1))
    model = backbone_of(run.model()) if architecture == "BertModel" else run.model()
    found = model({key: inputs[key].astype("int32") for key in model.input}, training=False)
    found = found if isinstance(found, dict) else {"logits": found}
    with np.load(GOLDENS) as goldens:
        for ours, theirs in HEAD_OUTPUTS[architecture].items():
            value, wanted = keras.ops.convert_to_numpy(found[ours]), goldens[f"{name}: {theirs}"]
            alike = (value > -1e8) if value.ndim == 2 else np.broadcast_to(tokens[..., None] != 0, value.shape)
            size = max(float(np.abs(wanted[alike]).max()), 0.3)  # of the weights: a logit's terms may cancel
            assert_close(value[alike], wanted[alike], NETWORK, size)


def test_the_vocabulary_learnt_may_be_smaller_than_was_asked_for(tmp_path):
    model = {**SIZES.model(), "vocab_size": len(PIECES)}
    task = {"type": "sentence_embedding"}
    run = make_run(tmp_path / "run", task, model, {"vocab_size": 2 * len(PIECES)})
    back = there_and_back(run, tmp_path)
    assert json.loads((tmp_path / "theirs" / "config.json").read_text())["vocab_size"] == len(PIECES)
    assert back.model().count_params() == run.model().count_params()


def test_predict_answers(tmp_path, capsys):
    run = make_run(tmp_path / "run", {"type": "classification", "labels": LABELS, "pair": False})
    back = there_and_back(run, tmp_path)
    (tmp_path / "in.txt").write_text("a b c\n")
    assert cli.main(["predict", str(back), str(tmp_path / "in.txt")]) == 0
    assert capsys.readouterr().out.strip() in LABELS


def folder_with(tmp_path, tensors, architecture, heads, **config):
    heads = {name: np.ones(shape, "float32") for name, shape in heads.items()}
    tensors = {**{f"bert.{name}": array for name, array in tensors.items()}, **heads}
    return write_folder(tmp_path / "theirs", tensors, {**CONFIG, "architectures": [architecture], **config})


CLASSIFIER = {"classifier.weight": (3, 22), "classifier.bias": (3,)}


def test_a_folder_that_this_library_did_not_write(tmp_path, tensors):
    path = folder_with(tmp_path, tensors, "BertForSequenceClassification", CLASSIFIER, classifier_dropout=None)
    run = import_checkpoint(path, tmp_path / "run")
    task = run.recipe.tree["task"]
    assert (task["labels"], task["pair"], task["dropout"]) == (["LABEL_0", "LABEL_1", "LABEL_2"], False, 0.1)
    assert run.report["notes"][0].startswith(f"No file of {path} says whether text becomes lower case; the pieces ")
    assert run.report["notes"][1:] == [
        f"`classifier` is that of {path}.",
        f"{path / 'config.json'} does not say `pair`: texts are read singly; for pairs write `pair: true` under `task` "
        "in the run's recipe.yaml.",
    ]


def test_lengths_are_those_of_the_positions(tmp_path, tensors):
    heads = {"qa_outputs.weight": (2, 22), "qa_outputs.bias": (2,)}
    task = open_checkpoint(folder_with(tmp_path, tensors, "BertForQuestionAnswering", heads)).task()
    assert (task["length"], task["stride"], task["max_question"]) == (13, 4, 2)
    names = {"0": "O", "1": "B", "2": "I"}
    task = open_checkpoint(
        folder_with(tmp_path, tensors, "BertForTokenClassification", CLASSIFIER, id2label=names)
    ).task()
    assert (task["length"], task["labels"]) == (13, ["O", "B", "I"])


@pytest.mark.parametrize(
    ("architecture", "heads", "config", "note"),
    [
        ("BertForMultipleChoice", {}, {}, "the head of BertForMultipleChoice is none that is read"),
        ("BertForSequenceClassification", {}, {}, "is not read, for its tensors are not there"),
        (
            "BertForSequenceClassification", CLASSIFIER, {"problem_type": "multi_label_classification"},
            "is not read, for it gives several labels at once",
        ),
        ("BertForSequenceClassification", CLASSIFIER, {"problem_type": "regression"}, "for it gives 3 numbers"),
        ("BertForMaskedLM", {"cls.predictions.bias": (29,)}, {"hidden_act": "relu"}, "for only one with gelu and"),
        ("BertForMaskedLM", {}, {"tie_word_embeddings": False}, "for its output is not tied to the embedding"),
        (
            "BertForQuestionAnswering", {"qa_outputs.weight": (3, 22), "qa_outputs.bias": (3,)}, {},
            "for it has 3 outputs, not 2",
        ),
    ],
)  # fmt: skip
def test_a_head_that_is_not_read(tmp_path, tensors, architecture, heads, config, note):
    path = folder_with(tmp_path, tensors, architecture, heads, **config)
    assert "task" not in open_checkpoint(path).recipe()
    assert any(note in one for one in open_checkpoint(path).load(kt.build(open_checkpoint(path).recipe())))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"0": "ant", "1": "bee"}, "`id2label` must name the labels 0 to 2, as `classifier` has them"),
        (["ant", "bee", "cat"], "`id2label` must name the labels 0 to 2"),
        ({"0": "ant", "1": "bee", "2": "bee"}, "`id2label` must hold a text of its own for each label"),
        ({"0": "ant", "1": "bee", "2": ["cat"]}, "`id2label` must hold a text of its own for each label"),
    ],
)
def test_labels_that_are_damaged(tmp_path, tensors, labels, message):
    path = folder_with(tmp_path, tensors, "BertForSequenceClassification", CLASSIFIER, id2label=labels)
    with pytest.raises(CheckpointError, match=message):
        open_checkpoint(path).recipe()


def test_settings_kept_from_an_export_are_checked(tmp_path, tensors):
    kept = {"task": "classification", "pair": "yes", "length": 2, "stride": True}
    path = folder_with(tmp_path, tensors, "BertForSequenceClassification", CLASSIFIER, keras_transformers=kept)
    assert open_checkpoint(path).task()["pair"] is False
    with pytest.raises(CheckpointError, match=r"theirs makes no recipe: `task\.length`: "):
        import_checkpoint(path, tmp_path / "run")


def test_accents_are_kept(tmp_path):
    run = make_run(tmp_path / "run", None, tokenizer={"strip_accents": False})
    back = there_and_back(run, tmp_path)
    assert back.recipe.tree["tokenizer"] == run.recipe.tree["tokenizer"]
    assert back.tokenizer().strip_accents is False


def test_norms_that_the_recipe_does_not_name(tmp_path):
    model = SIZES.model()
    block = {**model["encoder"]["block"], "norm": None}
    model = {**model, "norm": None, "encoder": {**model["encoder"], "block": block}}
    run = make_run(tmp_path / "run", None, model)
    back = there_and_back(run, tmp_path)
    assert back.recipe.tree["model"]["norm"] == {"type": "layer_norm", "epsilon": 1e-6}
    inputs = {"tokens": np.array([[2, 7, 3]]), "segments": np.zeros((1, 3), "int32")}
    np.testing.assert_array_equal(back.model()(inputs)["sequence"], run.model()(inputs)["sequence"])
    assert sizes_in(run.recipe.tree, run).epsilon == 1e-6


def test_a_head_that_computes_otherwise_there_is_left_out(tmp_path):
    model = SIZES.model()
    model["encoder"]["block"]["feed_forward"]["activation"] = "relu"
    run = make_run(tmp_path / "run", {"type": "masked_lm", "length": 13}, model)
    assert export_huggingface(run, tmp_path / "theirs") == [
        "Transformers' head of pre-training has the encoder's activation and epsilon: ours was left out."
    ]
    assert "task" not in open_checkpoint(tmp_path / "theirs").recipe()


def test_a_runs_vocabulary_is_named_as_the_user_knows_it(tmp_path):
    run = make_run(tmp_path / "run", None)
    file = run.tokenizer_folder / "vocab.txt"
    file.write_text(file.read_text().replace("[MASK]", "[masc]"))
    with pytest.raises(DataError, match=str(file)):
        import_checkpoint(run.path, tmp_path / "again")
