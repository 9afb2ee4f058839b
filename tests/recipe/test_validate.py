import pytest

from keras_transformers.errors import RecipeError
from keras_transformers.recipe import load

MODEL = {"type": "transformer", "dim": 12, "encoder": {"type": "mixer"}, "position": None}


def problems_of(recipe, overrides=()):
    with pytest.raises(RecipeError) as caught:
        load(recipe, overrides)
    return caught.value.problems


def message(overrides):
    problems = problems_of("base", overrides)
    assert len(problems) == 1, problems
    return problems[0].path, problems[0].message


def test_the_resolved_tree_is_complete(zoo):
    assert load("base").tree == {
        "type": "recipe",
        "model": {
            "type": "transformer",
            "dim": 12,
            "encoder": {
                "type": "encoder",
                "layers": 2,
                "block": {
                    "type": "encoder_block",
                    "attention": {"type": "multi_head", "heads": 3, "head_dim": None, "dropout": 0.0},
                    "norm_order": "post",
                },
            },
            "position": {"type": "sinusoidal"},
            "dropout": 0.1,
        },
        "summary": "",
        "tokenizer": None,
        "data": None,
        "task": None,
        "training": None,
        "seed": 0,
        "requires": None,
    }
    assert next(iter(load("base").tree["model"])) == "type"


def test_defaults_that_are_components_are_resolved(zoo):
    task = load({"model": MODEL, "task": "translation", "tokenizer": "characters"}).tree["task"]
    assert task["search"] == {"type": "greedy", "max_ratio": 2.0}
    assert task["metrics"] == [{"type": "bleu"}]


@pytest.mark.parametrize(
    ("override", "path", "said"),
    [
        ("model.dim=eight", "model.dim", 'expected an integer of at least 1, found "eight".'),
        ("model.dim=0", "model.dim", "expected an integer of at least 1, found 0."),
        ("model.dim=true", "model.dim", "expected an integer of at least 1, found true."),
        ("model.dim=12.0", "model.dim", "expected an integer of at least 1, found 12.0."),
        ("model.dim=[3]", "model.dim", "expected an integer of at least 1, found a list."),
        ("model.dropout=1", "model.dropout", "expected a number of at least 0 and below 1, found 1."),
        ("model.dropout=.nan", "model.dropout", "expected a number of at least 0 and below 1, found .nan."),
        ("summary=7", "summary", "expected text, found 7."),
        ("seed=-1", "seed", "expected an integer of at least 0, found -1."),
        ("requires=acme", "requires", 'expected a map or null, found "acme".'),
        ("model.position=7", "model.position", "expected the name of a position or a map, found 7."),
        (
            "model.encoder.block.norm_order=pst",
            "model.encoder.block.norm_order",
            'expected one of pre, post, found "pst". Did you mean `post`?',
        ),
        (
            "model.encoder.block.attention.head=3",
            "model.encoder.block.attention.head",
            "`attention/multi_head` has no `head`. Did you mean `heads`? It has: heads, head_dim, dropout.",
        ),
        (
            "model.position=sinusoidl",
            "model.position",
            "no position is called `sinusoidl`. Did you mean `sinusoidal`? There are: learned, sinusoidal.",
        ),
        ("modle=transformer", "modle", "a recipe has no `modle`. Did you mean `model`? "
         "It has: model, summary, tokenizer, data, task, training, seed, requires."),
        ("model.position=acme/x", "model.position",
         "`acme/x` needs the plugin `acme`, which is not installed: install the package that provides it."),
        ("model.position=learned", "model.position.max_length",
         "missing; `position/learned` needs an integer of at least 1."),
    ],
)  # fmt: skip
def test_what_is_expected_and_what_is_found(zoo, override, path, said):
    assert message([override]) == (path, said)


def test_bounds_in_words(zoo):
    training = {"optimizer": {"type": "adam", "beta_1": 2, "epsilon": 0, "clip_norm": 0}}
    problems = problems_of({"model": MODEL, "training": training})
    assert [problem.message for problem in problems] == [
        "expected a number from 0 to 1, found 2.",
        "expected a number above 0, found 0.",
        "expected a number above 0 or null, found 0.",
    ]


@pytest.mark.parametrize("value", ["1e-4", 1e-4, "0.0001"])
def test_numbers_may_be_written_as_text(zoo, value):
    training = {"optimizer": {"type": "adam", "epsilon": value}}
    assert load({"model": MODEL, "training": training}).tree["training"]["optimizer"]["epsilon"] == 1e-4


def test_an_integer_becomes_the_float_that_is_meant(zoo):
    dropout = load("base", ["model.dropout=0"]).tree["model"]["dropout"]
    assert type(dropout) is float


def test_null_where_null_is_meant(zoo):
    training = {"optimizer": "adam", "patience": None}
    tree = load({"model": MODEL, "training": training}).tree
    assert tree["training"]["patience"] is None
    assert load(tree).tree == tree


def test_all_problems_at_once_in_reading_order(write):
    write(
        "bad",
        """\
model:
  type: transformer
  dim: eight
  encodr: {layers: 2}
  position: sinus
training:
  optimizer: adm
  epochs: 0
sead: 3
""",
    )
    found = [(one.line, one.column, one.path) for one in problems_of("bad")]
    assert found == [
        (2, 3, "model.encoder"),
        (3, 8, "model.dim"),
        (4, 3, "model.encodr"),
        (5, 13, "model.position"),
        (7, 14, "training.optimizer"),
        (8, 11, "training.epochs"),
        (9, 1, "sead"),
    ]


def test_lists_are_checked_item_by_item(zoo):
    task = {"type": "translation", "metrics": ["bleu", "blue", None]}
    problems = problems_of({"model": MODEL, "task": task, "tokenizer": "characters"})
    assert [(one.path, one.message) for one in problems] == [
        ("task.metrics.1", "no metric is called `blue`. Did you mean `bleu`? There are: bleu, exact_match."),
        ("task.metrics.2", "expected a metric, found null."),
    ]
    data = {"train": {"type": "lines", "file": "f", "languages": "no"}}
    problems = problems_of({"model": MODEL, "data": data, "tokenizer": "characters"})
    assert problems[0].message == 'expected a list or null, found "no".'


def test_requires_says_what_to_install(zoo):
    recipe = {"model": {**MODEL, "position": "acme/rotary"}, "requires": {"acme": "acme-attention>=1"}}
    assert problems_of(recipe)[0].message == (
        "`acme/rotary` needs the plugin `acme`, which is not installed: pip install 'acme-attention>=1'."
    )


def test_type_that_is_missing(zoo):
    problems = problems_of({"model": {"dim": 12}})
    assert (problems[0].file, problems[0].path) == ("<dict>", "model")
    assert problems[0].message == "`type` is missing: which model? There are: transformer."


def test_a_section_is_what_it_is(zoo):
    problems = problems_of({"model": MODEL, "training": {"type": "data", "optimizer": "adam"}})
    assert (problems[0].path, problems[0].message) == ("training.type", 'expected training, found "data".')


def test_a_required_key_may_be_absent_where_a_null_slot_will_do(zoo):
    model = {key: value for key, value in MODEL.items() if key != "position"}
    assert load({"model": model}).tree["model"]["position"] is None
