import json

from keras_transformers.recipe import schema
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
