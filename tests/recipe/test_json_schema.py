import json

import pytest
from jsonschema import Draft202012Validator

from keras_transformers.recipe import load, names, schema
from keras_transformers.recipe.json_schema import schema as build


def properties(part, *path):
    for key in path:
        part = part["properties"][key]
        part = part["anyOf"][0] if "anyOf" in part else part
    return part


def test_it_is_a_schema_of_draft_2020_12(zoo):
    assert schema is build
    found = schema()
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(found)) == found


def test_every_reference_has_its_definition(zoo):
    found = schema()
    text = json.dumps(found)
    references = {part.split('"')[0] for part in text.split('"$ref": "#/$defs/')[1:]}
    assert "attention" in references
    assert "attention.partial" in references
    assert references <= set(found["$defs"])


def test_a_component(zoo):
    names, multi_head = schema()["$defs"]["attention"]["anyOf"]
    assert names == {"enum": ["multi_head"]}
    assert multi_head["required"] == ["type", "heads"]
    assert multi_head["additionalProperties"] is False
    assert multi_head["properties"]["type"] == {"const": "multi_head"}
    assert multi_head["properties"]["heads"] == {
        "type": "integer", "minimum": 1, "description": "Number of heads H.",
    }  # fmt: skip
    dropout = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
    assert multi_head["properties"]["dropout"] == {"anyOf": [dropout, {"type": "null"}], "default": 0.0}


def test_a_component_without_type_where_the_grammar_implies_it(zoo):
    reference, encoder = schema()["$defs"]["model"]["anyOf"][1]["properties"]["encoder"]["anyOf"]
    assert reference == {"$ref": "#/$defs/encoder"}
    assert encoder["required"] == ["layers", "block"]


def test_a_child_may_leave_out_what_its_parent_says(zoo):
    found = schema()
    assert found["if"] == {"required": ["extends"]}
    assert found["else"]["required"] == ["model"]
    assert "extends" not in found["else"]["properties"]
    assert "required" not in found["then"]
    assert "extends" in found["then"]["properties"]
    partial = found["$defs"]["attention.partial"]["anyOf"][1]
    assert "required" not in partial
    assert partial["properties"]["heads"]["anyOf"][1] == {"type": "null"}


def test_choices_and_lists(zoo):
    found = schema()
    strategy = properties(found["else"], "training", "strategy")
    assert strategy == {"enum": ["auto", "one", "mirrored"]}
    metrics = found["$defs"]["task"]["anyOf"][1]["properties"]["metrics"]
    assert metrics["anyOf"][0] == {"type": "array", "items": {"$ref": "#/$defs/metric"}}
    assert metrics["default"] == ["bleu"]


# What fits what, on the library's own parts -----------------------------------------------------


@pytest.fixture(scope="module")
def validator():
    found = schema()
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


def wrong(validator, tree):
    """Return the places that a schema finds wrong in plain data, each once."""
    return sorted({error.json_path for error in validator.iter_errors(json.loads(json.dumps(tree)))})


@pytest.mark.parametrize("name", names())
def test_every_recipe_fits_the_schema(validator, name):
    assert wrong(validator, load(name).tree) == []


@pytest.mark.parametrize(
    ("recipe", "changes", "places"),
    [
        ("trec", {"model.segments": 1, "task.pair": True}, ["$.data.train", "$.model.segments"]),
        ("trec", {"model.segments": 1, "task.pair": False}, []),
        ("trec", {"tokenizer": {"type": "sentencepiece", "vocab_size": 4000}}, ["$.tokenizer"]),
        ("pydocs_packages", {"tokenizer": "characters"}, ["$.tokenizer"]),
        ("trec", {"task.metrics": ["bleu"]}, ["$.task"]),
        ("trec", {"task.metrics": ["accuracy", {"type": "f1", "label": "HUM"}]}, []),
        ("squad", {"task.metric": "accuracy"}, ["$.task"]),
        (
            "multi30k_ende", {"task": "classification"},
            ["$.data.test", "$.data.train", "$.data.valid", "$.model", "$.tokenizer"],
        ),
        ("transformer_tiny", {"model.dim": 127}, ["$.model.dim"]),
        ("pretrain_pydocs", {"model.segments": 3}, ["$.model.segments"]),
        ("dates", {"tokenizer": None}, ["$.tokenizer"]),
        ("bert_tiny", {"tokenizer": None}, []),
        ("trec", {"training.layer_decay": 0.9}, []),
    ],
)  # fmt: skip
def test_the_schema_knows_what_fits_what(validator, recipe, changes, places):
    tree = json.loads(json.dumps(load(recipe).tree))
    for path, value in changes.items():
        *keys, last = path.split(".")
        part = tree
        for key in keys:
            part = part[key]
        part[last] = value
    assert wrong(validator, tree) == places


def test_a_child_is_held_to_what_it_says_itself(validator):
    child = {"extends": "minilm", "task": {"type": "classification", "pair": True}}
    assert wrong(validator, child) == []
    assert wrong(validator, {**child, "model": {"segments": 1}}) == ["$.model.segments"]
    assert wrong(validator, {**child, "tokenizer": {"vocab_size": 7}}) == []
    assert wrong(validator, {**child, "tokenizer": None}) == []
    assert wrong(validator, {**child, "tokenizer": "characters"}) == ["$.tokenizer"]
