"""What a component's constructor raises is a sentence with the place in the recipe."""

import pytest

from keras_transformers.errors import DataError, RecipeError
from keras_transformers.registry import local, register
from keras_transformers.registry.assemble import assemble
from keras_transformers.signature import slot

FAILURES = {
    "value": ValueError("`steps` must be at least 1, but is 0.\nAnd more."),
    "kind": TypeError("no"),
    "key": KeyError("x"),
    "bare": AssertionError(),
    "ours": DataError("There is no text."),
    "memory": MemoryError("none left"),
}


@pytest.fixture(autouse=True)
def _components(monkeypatch):
    monkeypatch.setattr(local, "_registered", dict(local._registered))

    @register("schedule", "failing")
    class Failing:
        """Fails.

        Args:
            how: Which failure.
            steps: Steps in all.
        """

        def __init__(self, how: str, steps: int | None = None):
            raise FAILURES[how]

        def __call__(self, step):
            """Return no rate."""

        def get_config(self):
            """Return no settings."""

    @register("holder", "holder")
    class Holder:
        """Holds others.

        Args:
            inner: One.
            several: Some.
        """

        def __init__(self, inner: slot("schedule") | None = None, several: list[slot("schedule")] | None = None):
            pass


def spec(how):
    return {"type": "failing", "how": how}


def refused(*arguments, **given):
    with pytest.raises(RecipeError) as raised:
        assemble(*arguments, **given)
    return str(raised.value)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("value", "`steps` must be at least 1, but is 0"),
        ("kind", "TypeError: no"),
        ("key", "KeyError: 'x'"),
        ("bare", "AssertionError"),
    ],
)
def test_whatever_a_constructor_raises_is_a_sentence_with_its_place(how, said):
    failing = local.registered()["schedule", "failing"].object.__init__.__code__
    where = f"(test_assemble.py, line {failing.co_firstlineno + 1})"
    assert (
        refused("schedule", spec(how), given={"training.steps": 0})
        == f"`schedule`: `schedule/failing` cannot be made: {said} {where}."
    )
    assert refused("holder", {"type": "holder", "inner": spec(how)}) == (
        f"`holder.inner`: `schedule/failing` cannot be made: {said} {where}."
    )
    assert refused("holder", {"type": "holder", "several": [spec(how)]}, at="a.b") == (
        f"`a.b.several.0`: `schedule/failing` cannot be made: {said} {where}."
    )


def test_a_section_is_named_by_itself():
    training = {"type": "training", "optimizer": {"type": "adam"}, "schedule": spec("kind")}
    said = refused("section", training)
    assert said.startswith("`training.schedule`: `schedule/failing` cannot be made: TypeError: no")


@pytest.mark.parametrize("how", ["ours", "memory"])
def test_what_is_a_sentence_already_or_no_fault_of_the_recipes_passes(how):
    with pytest.raises(type(FAILURES[how])) as raised:
        assemble("schedule", spec(how))
    assert raised.value is FAILURES[how]


def test_of_the_librarys_own_classes_no_line_is_told():
    layer = {"type": "multi_head", "heads": 3, "dropout": "much"}
    assert refused("attention", layer, at="model.encoder.block.attention").startswith(
        "`model.encoder.block.attention`: `attention/multi_head` cannot be made: "
    )
    assert "line" not in refused("attention", layer)
