import re

import pytest

from keras_transformers import registry
from keras_transformers.errors import DuplicateComponent, RegistryError, UnknownComponent
from keras_transformers.recipe.sections import Recipe
from keras_transformers.registry import builtin as catalogue
from keras_transformers.registry import local, resources
from keras_transformers.signature import Count


@pytest.fixture(autouse=True)
def _forget_registered():
    before = dict(local.registered())
    yield
    local.registered().clear()
    local.registered().update(before)


def whole(sentence):
    return f"^{re.escape(sentence)}$"


def test_slots_and_names_are_those_of_the_manifests():
    slots = sorted(path.stem for path in resources.registry_dir().glob("*.yaml"))
    assert registry.slots() == slots
    assert registry.names("section") == ["data", "recipe", "sampling", "training"]


def test_describe_reads_the_manifest():
    component = registry.describe("section", "training")
    assert component.target == "keras_transformers.recipe.sections:Training"
    assert component.origin == "built-in"
    epochs, precision = component.parameters["epochs"], component.parameters["precision"]
    assert (epochs.type, epochs.minimum, epochs.default, epochs.required) == ("int", 1, 10, False)
    assert precision.choices == ("auto", "float32", "mixed_bfloat16")
    assert component.parameters["optimizer"].required
    assert component.parameters["optimizer"].slot == "optimizer"
    assert component.parameters["patience"].nullable


def test_resolve_imports_the_target():
    assert registry.resolve("section", "recipe") is Recipe


def test_every_component_is_described_and_bears_its_name():
    for slot in registry.slots():
        for name in registry.names(slot):
            component = registry.describe(slot, name)
            assert (component.slot, component.name) == (slot, name)


def test_an_unknown_name_lists_what_exists():
    sentence = (
        "`section` has no component `trainig`. Did you mean `training`? `section` has: data, recipe, sampling, "
        "training."
    )
    with pytest.raises(UnknownComponent, match=whole(sentence)):
        registry.describe("section", "trainig")


def test_a_name_of_another_slot_says_which():
    registry.register("sectoin", "notes")(lambda: None)
    sentence = (
        "`section` has no component `notes`. It is in the slot `sectoin`. `section` has: data, recipe, sampling, "
        "training."
    )
    with pytest.raises(UnknownComponent, match=whole(sentence)):
        registry.describe("section", "notes")


def test_an_unknown_slot_lists_what_exists():
    sentence = f"There is no slot `secton`. Did you mean `section`? The slots are: {', '.join(registry.slots())}."
    for call in (lambda: registry.names("secton"), lambda: registry.describe("secton", "x")):
        with pytest.raises(UnknownComponent, match=whole(sentence)):
            call()


def test_a_name_must_be_a_string():
    with pytest.raises(UnknownComponent, match=whole("The name of a component must be a string, but is 7.")):
        registry.describe("section", 7)


def test_a_registered_class_is_found_like_any_other():
    @registry.register("section", "notes", reference="A page")
    class Notes:
        """Remarks.

        Args:
            size: How many.
        """

        def __init__(self, size: Count = 3):
            self.size = size

    component = registry.describe("section", "notes")
    assert registry.resolve("section", "notes") is Notes
    assert registry.names("section") == ["data", "recipe", "sampling", "training", "notes"]
    assert (component.summary, component.reference, component.origin) == ("Remarks.", "A page", "test_lookup.py")
    assert component.parameters["size"].doc == "How many."


def test_a_new_slot_can_be_filled():
    @registry.register("router", "top_two")
    def top_two():
        """Two experts."""

    assert "router" in registry.slots()
    assert registry.names("router") == ["top_two"]


def test_a_taken_name_is_refused_and_its_holder_named():
    sentence = "`section/data` is taken by keras_transformers.recipe.sections:Data (built-in)."
    with pytest.raises(DuplicateComponent, match=whole(sentence)):
        registry.register("section", "data")(lambda: None)

    def first():
        pass

    def second():
        pass

    registry.register("section", "mine")(first)
    registry.register("section", "mine")(first)  # a notebook's cell, run again
    sentence = f"`section/mine` is taken by {__name__}:{first.__qualname__} (test_lookup.py)."
    with pytest.raises(DuplicateComponent, match=whole(sentence)):
        registry.register("section", "mine")(second)
    assert registry.resolve("section", "mine") is first


@pytest.mark.parametrize("name", ["acme/x", "Big", "", 7, "a-b"])
def test_a_name_must_be_plain(name):
    sentence = f"`name` must be lower-case letters, digits and _, but is {name!r}."
    with pytest.raises(RegistryError, match=whole(sentence)):
        registry.register("section", name)


def test_what_is_registered_must_be_callable():
    with pytest.raises(RegistryError, match=whole("`section/x` must be a class or a function, but is 3.")):
        registry.register("section", "x")(3)


def test_a_registered_layer_has_a_frozen_name_in_keras():
    import keras

    @registry.register("attention", "doubled")
    class Doubled(keras.layers.Layer):
        """Twice the input."""

        def call(self, x):
            return 2 * x

    assert keras.saving.get_registered_name(Doubled) == "keras_transformers.user>attention.doubled"
    config = keras.saving.serialize_keras_object(Doubled(name="d"))
    assert type(keras.saving.deserialize_keras_object(config)) is Doubled
    assert registry.describe("attention", "doubled").parameters == {}


def test_a_target_that_does_not_import_is_named(monkeypatch, tmp_path):
    (tmp_path / "norm.yaml").write_text("gone:\n  target: keras_transformers.nowhere:Gone\n")
    monkeypatch.setattr(catalogue, "registry_dir", lambda: tmp_path)
    catalogue.refresh()
    try:
        with pytest.raises(
            RegistryError,
            match=whole(
                "`norm/gone` (built-in) does not import: keras_transformers.nowhere:Gone: ModuleNotFoundError: "
                "No module named 'keras_transformers.nowhere'"
            ),
        ):
            registry.resolve("norm", "gone")
    finally:
        monkeypatch.undo()
        catalogue.refresh()


def test_what_one_registers_stands_before_a_built_in_of_its_name():
    before = registry.names("attention")

    @registry.register("attention", "rotary")
    class Own(registry.resolve("attention", "multi_head")):
        """An attention that was written before the library had one of its name."""

    assert registry.resolve("attention", "rotary") is Own
    assert registry.describe("attention", "rotary").origin == "test_lookup.py"
    assert sorted(registry.names("attention")) == sorted(before)
