import pytest

from keras_transformers.errors import RecipeError
from keras_transformers.recipe import load
from keras_transformers.recipe.rules import RULES, check_rules

DATA = ["data.train={type: lines, file: f}", "tokenizer=characters"]
TRAINING = ["training.optimizer=adam"]


def problems_of(*overrides):
    with pytest.raises(RecipeError) as caught:
        load("base", overrides)
    return [(one.file, one.path, one.message) for one in caught.value.problems]


def test_heads_divide_dim(zoo):
    assert problems_of("model.encoder.block.attention.heads=7") == [
        (
            "--set model.encoder.block.attention.heads=7",
            "model.encoder.block.attention.heads",
            "`heads` must divide `model.dim` (12), but is 7.",
        )
    ]
    load("base", ["model.encoder.block.attention.heads=7", "model.encoder.block.attention.head_dim=5"])


def test_the_place_is_the_heads_though_the_dim_was_changed(zoo):
    ((file, path, said),) = problems_of("model.dim=14")
    assert (file, path) == ("recipes/base.yaml", "model.encoder.block.attention.heads")
    assert said == "`heads` must divide `model.dim` (14), but is 3."


def test_sinusoids_come_in_pairs(zoo):
    assert problems_of("model.dim=15") == [
        ("--set model.dim=15", "model.dim", "`dim` must be even for `position/sinusoidal`, but is 15.")
    ]
    load("base", ["model.dim=15", "model.position=null"])


def test_learned_positions_suffice(zoo):
    position = "model.position={type: learned, max_length: 17}"
    assert problems_of(*DATA, position, "data.max_length=19") == [
        (f"--set {position}", "model.position.max_length",
         "`max_length` must be at least `data.max_length` (19), but is 17.")
    ]  # fmt: skip
    load("base", [*DATA, position, "data.max_length=17"])


def test_batches_hold_an_example(zoo):
    assert problems_of(*DATA, "data.batch_tokens=255") == [
        ("--set data.batch_tokens=255", "data.batch_tokens",
         "`batch_tokens` must be at least `max_length` (256), but is 255.")
    ]  # fmt: skip
    load("base", [*DATA, "data.batch_tokens=256"])


def test_batches_hold_a_source_and_a_target():
    tree = {"model": {"decoder": {}}, "data": {"max_length": 256, "batch_tokens": 511}}
    ((path, said),) = check_rules(tree)
    assert path == ("data", "batch_tokens")
    assert said == "`batch_tokens` must be at least twice `max_length` (256), but is 511."
    tree["data"]["batch_tokens"] = 512
    assert check_rules(tree) == []


def test_frozen_blocks_exist():
    tree = {"model": {"encoder": {"layers": 3}}, "training": {"freeze": 5}}
    ((path, said),) = check_rules(tree)
    assert path == ("training", "freeze")
    assert said == "`freeze` must be at most `model.encoder.layers` (3), but is 5."
    tree["training"]["freeze"] = 3
    assert check_rules(tree) == []


def test_matching_needs_two_texts():
    tree = {"model": {"initialization": "matching", "segments": 3}}
    ((path, said),) = check_rules(tree)
    assert path == ("model", "segments")
    assert said == "`segments` must be 2 for `initialization: matching`, but is 3."
    tree["model"]["segments"] = 2
    assert check_rules(tree) == []


def test_averaged_epochs_exist(zoo):
    assert problems_of(*TRAINING, "training.epochs=3", "training.average_last=5") == [
        ("--set training.average_last=5", "training.average_last",
         "`average_last` must be at most `epochs` (3), but is 5.")
    ]  # fmt: skip
    load("base", [*TRAINING, "training.epochs=5", "training.average_last=5"])


@pytest.mark.parametrize("override", ["task=translation", "data.train={type: lines, file: f}"])
def test_text_needs_a_tokenizer(zoo, override):
    ((_, path, said),) = problems_of(override)
    assert path == "tokenizer"
    assert said == f"missing; a recipe with `{override[:4]}` needs a tokenizer."


def test_rules_speak_beside_other_problems(zoo):
    assert [path for _, path, _ in problems_of("model.dim=14", "model.dropout=2")] == [
        "model.encoder.block.attention.heads",
        "model.dropout",
    ]


@pytest.mark.parametrize("tree", [{}, {"model": {}}, {"model": {"dim": "x", "heads": []}}, {"data": None}])
def test_rules_stand_partial_trees(tree):
    assert check_rules(tree) == []
    assert len(RULES) == 9


@pytest.mark.parametrize("embedding", [{"type": "scaled", "vocab_size": None}, None])
def test_vocabulary_is_known(embedding):
    model = {"type": "transformer", "vocab_size": None, "embedding": embedding}
    said = "missing; a recipe without a tokenizer must say how many tokens there are."
    assert check_rules({"model": model, "tokenizer": None}) == [(("model", "vocab_size"), said)]
    assert check_rules({"model": {**model, "vocab_size": 7}, "tokenizer": None}) == []
    assert check_rules({"model": model, "tokenizer": {"type": "characters"}}) == []
