import subprocess
import sys
from typing import Annotated

import pytest

from keras_transformers import registry
from keras_transformers.errors import RecipeError
from keras_transformers.recipe import load
from keras_transformers.recipe.rules import check_rules
from keras_transformers.registry import local
from keras_transformers.signature import (
    Absent,
    AtLeast,
    AtMost,
    Attention,
    Count,
    Divides,
    Exactly,
    Fits,
    Given,
    Has,
    Metric,
    MultipleOf,
    Need,
    Present,
)  # fmt: skip

DATA = ["data.train={type: lines, file: f}", "tokenizer=characters"]


@pytest.fixture
def own():
    """What a test registers is forgotten after it."""
    before = dict(local.registered())
    yield registry.register
    local.registered().clear()
    local.registered().update(before)


def problems_of(recipe, *overrides):
    with pytest.raises(RecipeError) as caught:
        load(recipe, overrides)
    return [(problem.file, problem.path, problem.message) for problem in caught.value.problems]


def said(recipe, *overrides):
    return [(path, message) for _, path, message in problems_of(recipe, *overrides)]


def test_heads_divide_dim(zoo):
    assert problems_of("base", "model.encoder.block.attention.heads=7") == [
        (
            "--set model.encoder.block.attention.heads=7",
            "model.encoder.block.attention.heads",
            "`heads` must divide `model.dim` (12), but is 7.",
        )
    ]
    load("base", ["model.encoder.block.attention.heads=7", "model.encoder.block.attention.head_dim=5"])


def test_the_place_is_the_heads_though_the_dim_was_changed(zoo):
    ((file, path, message),) = problems_of("base", "model.dim=14")
    assert (file, path) == ("recipes/base.yaml", "model.encoder.block.attention.heads")
    assert message == "`heads` must divide `model.dim` (14), but is 3."


def test_sinusoids_come_in_pairs(zoo):
    assert problems_of("base", "model.dim=15") == [
        ("--set model.dim=15", "model.dim", "`dim` must be even for `position/sinusoidal`, but is 15.")
    ]
    load("base", ["model.dim=15", "model.position=null"])


def test_learned_positions_suffice(zoo):
    position = "model.position={type: learned, max_length: 17}"
    assert problems_of("base", *DATA, position, "data.max_length=19") == [
        (f"--set {position}", "model.position.max_length",
         "`max_length` must be at least `data.max_length` (19), but is 17.")
    ]  # fmt: skip
    load("base", [*DATA, position, "data.max_length=17"])


def test_batches_hold_an_example(zoo):
    assert problems_of("base", *DATA, "data.batch_tokens=255") == [
        ("--set data.batch_tokens=255", "data.batch_tokens",
         "`batch_tokens` must be at least `max_length` (256), but is 255.")
    ]  # fmt: skip
    load("base", [*DATA, "data.batch_tokens=256"])


def test_batches_hold_a_source_and_a_target(zoo):
    message = "`batch_tokens` must be at least twice `data.max_length` (256) for `task/translation`, but is 511."
    assert said("base", *DATA, "task=translation", "data.batch_tokens=511") == [("data.batch_tokens", message)]
    load("base", [*DATA, "task=translation", "data.batch_tokens=512"])


@pytest.mark.parametrize("override", ["task=translation", "data.train={type: lines, file: f}"])
def test_text_needs_a_tokenizer(zoo, override):
    message = f"missing; a recipe with `{override[:4]}` needs a tokenizer."
    assert said("base", override) == [("tokenizer", message)]


def test_rules_speak_beside_other_problems(zoo):
    assert [path for path, _ in said("base", "model.dim=14", "model.dropout=2")] == [
        "model.encoder.block.attention.heads",
        "model.dropout",
    ]


@pytest.mark.parametrize(
    "tree",
    [{}, {"model": {}}, {"model": {"type": "bert", "dim": "x"}}, {"model": {"type": 7}}, {"data": None}, None, []],
)
def test_rules_stand_partial_trees(tree):
    assert check_rules(tree) == []


# The library's own parts -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipe", "overrides", "path", "message"),
    [
        (
            "squad", ["task.length=600"], "task.length",
            "`length` must be at most `model.position.max_length` (512), but is 600.",
        ),
        (
            "trec", ["model.segments=1", "task.pair=true"], "model.segments",
            "`segments` must be at least 2 for `task/classification` with `pair: true`, but is 1.",
        ),
        (
            "trec", ["tokenizer={type: sentencepiece, vocab_size: 4000}"], "tokenizer",
            "`task/classification` needs a tokenizer that gives `cls`, which `tokenizer/sentencepiece` does not: "
            "choose `wordpiece`.",
        ),
        (
            "pydocs_packages", ["tokenizer=characters"], "tokenizer",
            "`task/classification` needs a tokenizer that gives `cls`, which `tokenizer/characters` does not: "
            "choose `wordpiece`.",
        ),
        (
            "trec", ["task.metrics=[bleu]"], "task.metrics.0",
            "`metric/bleu` scores `texts`, but `task/classification` gives `labels`: choose a metric that scores "
            "`labels` (accuracy, f1, matthews), or a task that gives `texts` (translation).",
        ),
        (
            "wnut17", ["task.length=521"], "task.length",
            "`length` must be at most `model.position.max_length` (512), but is 521.",
        ),
        (
            "squad", ["task.max_question=381"], "task.length",
            "`length` must be at least 4 more than `max_question` (381), but is 384.",
        ),
        (
            "squad", ["data.max_length=67"], "data.max_length",
            "`max_length` must be at least 4 more than `task.max_question` (64) for `task/question_answering`, "
            "but is 67.",
        ),
        (
            "squad", ["model.segments=1"], "model.segments",
            "`segments` must be at least 2 for `task/question_answering`, but is 1.",
        ),
        (
            "pretrain_pydocs", ["model.segments=3"], "model.segments",
            "`segments` must be 2 for `initialization/matching`, but is 3.",
        ),
        (
            "dates", ["model.initialization=matching"], "model",
            "`initialization/matching` needs a model that reads `segments`, which `model/transformer` does not: "
            "choose `bert`.",
        ),
        (
            "trec", ["task.loss=squared_error"], "task.loss",
            "`loss/squared_error` learns `numbers`, but `task/classification` learns `classes`: choose a loss that "
            "learns `classes` (label_cross_entropy), or a task that learns `numbers` (regression).",
        ),
        (
            "trec", ["task.loss=label_cross_entropy", "task.label_smoothing=0.1"], "task.label_smoothing",
            "`label_smoothing` must be 0 for `loss: label_cross_entropy`, but is 0.1.",
        ),
        (
            "trec", ["task=sentence_embedding", "data.train={type: table, path: a, second: b}", "training.freeze=6"],
            "model.encoder.layers",
            "`layers` must be at least 1 more than `training.freeze` (6) for `task/sentence_embedding`, but is 6.",
        ),
        (
            "pretrain_pydocs", ["data.max_length=7"], "data.max_length",
            "`max_length` must be at least 8 for `task/masked_lm`, but is 7.",
        ),
        (
            "bert_tiny", ["model.embedding={type: token, dim: 64}"], "model.embedding.dim",
            "`dim` must be `model.dim` (128), but is 64.",
        ),
        (
            "bert_tiny", ["tokenizer=null"], "model.vocab_size",
            "missing; by default it is `tokenizer.vocab_size`, but there is no `tokenizer`: give either.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_work(recipe, overrides, path, message):
    assert (path, message) in said(recipe, *overrides)


def test_a_task_of_another_kind_says_all_that_does_not_fit():
    problems = dict(said("multi30k_ende", "task=classification"))
    assert problems["model"] == (
        "`task/classification` needs a model that gives `pooled` and reads `segments`, which `model/transformer` "
        "does not: choose `bert`."
    )
    for split in ("train", "valid", "test"):
        assert problems[f"data.{split}"] == (
            "`source/parallel_text` gives `pairs`, but `task/classification` reads `labelled`: choose a source that "
            "gives `labelled` (json_lines, labelled_lines, python_packages, table), or a task that reads `pairs` "
            "(translation)."
        )
    assert problems["tokenizer"] == (
        "`task/classification` needs a tokenizer that gives `cls`, which `tokenizer/sentencepiece` does not: choose "
        "`wordpiece`."
    )


def test_it_is_said_without_tensorflow():
    code = (
        "import sys\n"
        "from keras_transformers.cli import main\n"
        "status = main(['validate', 'squad', '--set', 'task.length=600'])\n"
        "print(status, [name for name in ('keras', 'tensorflow', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "2 []\n"


# A plugin's or a user's own --------------------------------------------------------------------


class Silent:
    """Has every method that a slot asks for, and says nothing of itself."""

    train = load = size = tokenize = detokenize = texts = model = loss = encode = serving = score = None

    def __call__(self):
        """Do nothing."""


class Paint:
    """What `paintings` gives is of this class."""


class FramedPaintings(Paint):
    """A kind of it."""


def test_a_task_of_ones_own_brings_its_rules(own):
    @own("metric", "warmth")
    class Warmth:
        """How warm colours are."""

        scores = "colours"

        def __call__(self, outputs, references):
            """Return no scores."""

    @own("source", "paintings")
    class Paintings:
        """Colours by name."""

        gives = FramedPaintings

        def read(self, root=None):
            """Return no paintings."""

    @own("task", "colouring")
    class Colouring(Silent):
        """The colour of a text."""

        reads = ("labelled", Paint)
        gives = "colours"
        needs = (
            Need("tokenizer", Has("gives", ("cls", "colours"))),
            Need("data.max_length", AtLeast(300, when="slow=true", unless="lax")),
            Need("model.dropout", AtMost("share")),
            Need("data.valid", Present(when="slow")),
            Need("data.test", Absent(when="slow")),
            Need("model", Has("gives", "never_heard_of", when="lax")),
        )

        def __init__(
            self,
            width: Annotated[Count, MultipleOf(3), Exactly("model.dim", when="exact")] = 3,
            share: float = 0.1,
            slow: bool = False,
            exact: bool = False,
            lax: bool = False,
            metrics: list[Annotated[Metric, Fits("scores", to="gives")]] | None = None,
        ):
            pass

    task = "task={type: colouring, width: 7, share: 0.01, exact: true, slow: true, metrics: [accuracy, warmth]}"
    valid = "data.valid=null"
    found = dict(said("trec", task, valid))
    assert found == {
        "task.width": "`width` must be `model.dim` (384) for `exact: true`, but is 7.",
        "task.metrics.0": "`metric/accuracy` scores `labels`, but `task/colouring` gives `colours`: choose a metric "
        "that scores `colours` (warmth), or a task that gives `labels` (classification).",
        "tokenizer": "`task/colouring` needs a tokenizer that gives `cls` and `colours`, which `tokenizer/wordpiece` "
        "does not.",
        "data.max_length": "`max_length` must be at least 300 for `task/colouring` with `slow: true`, but is 64.",
        "model.dropout": "`dropout` must be at most `task.share` (0.01) for `task/colouring`, but is 0.1.",
        "data.test": "`test` must be null for `task/colouring` with `slow: true`, but is `source/labelled_lines`.",
        "data.valid": "missing; `task/colouring` with `slow` needs a source.",
    }
    assert "`width` must be a multiple of 3, but is 7." in [message for _, message in said("trec", task, valid)]
    assert "data.max_length" not in dict(said("trec", f"{task[:-1]}, lax: true}}"))
    assert "data.train" not in dict(said("trec", task, "data.train=paintings"))


def test_an_attention_of_ones_own_brings_its_rules(own):
    @own("attention", "grouped")
    class Grouped:
        """Groups of heads."""

        def __init__(
            self,
            heads: Annotated[Count, Divides("model.dim")],
            groups: Annotated[Count, Divides("heads")] = 1,
            window: Annotated[int, Given("data.max_length")] | None = None,
            inner: Attention | None = None,
        ):
            pass

        def call(self, x):
            return x

    attention = "model.encoder.block.attention={type: grouped, heads: 5, groups: 2, inner: {type: grouped, heads: 7}}"
    at = "model.encoder.block.attention"
    assert said("bert_tiny", attention) == [
        (f"{at}.window", "missing; by default it is `data.max_length`, but there is no `data`: give either."),
        (f"{at}.inner.window", "missing; by default it is `data.max_length`, but there is no `data`: give either."),
        (f"{at}.heads", "`heads` must divide `model.dim` (128), but is 5."),
        (f"{at}.groups", "`groups` must divide `heads` (5), but is 2."),
        (f"{at}.inner.heads", "`heads` must divide `model.dim` (128), but is 7."),
    ]


def test_of_what_says_nothing_nothing_is_asked(own):
    @own("tokenizer", "silent")
    class OwnTokenizer(Silent):
        """Says nothing of itself."""

    @own("metric", "mute")
    class Mute(Silent):
        """Says nothing of itself."""

    load("trec", ["tokenizer=silent", "task.metrics=[mute]", "model.vocab_size=17"])


def test_what_was_written_for_version_0_1_keeps_its_meaning(own):
    @own("attention", "old")
    class Old:
        """As in the first version."""

        def __init__(self, heads: Count, dim: Count | None = None):
            pass

        def call(self, x):
            return x

    attention = "model.encoder.block.attention={type: old, heads: 7}"
    message = "`heads` must divide `model.dim` (128), but is 7."
    assert said("bert_tiny", attention) == [("model.encoder.block.attention.heads", message)]


def test_what_is_merely_larger_than_there_is_can_work():
    load("trec", ["training.freeze=7", "training.epochs=1", "training.average_last=5", "training.patience=3"])
