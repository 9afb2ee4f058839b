import ast
import enum
import re
import sys
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, Optional

import pytest

from keras_transformers.errors import DuplicateComponent, RegistryError
from keras_transformers.registry import builtin as catalogue
from keras_transformers.registry import manifest
from keras_transformers.registry.component import Component
from keras_transformers.registry.docstring import registered_names
from keras_transformers.registry.introspect import component_of
from keras_transformers.registry.resources import PACKAGE
from keras_transformers.signature import (
    AtLeast,
    Bounds,
    Count,
    Divides,
    Exactly,
    Fits,
    Fraction,
    Given,
    Has,
    Metric,
    MultipleOf,
    Natural,
    Need,
    Path,
    Positive,
    Present,
    Rate,
    slot,
)  # fmt: skip

MODULE = '''
from keras_transformers.signature import register


@register("norm", "seven")
class Seven:
    """Seven things.

    Reference: A page

    Args:
        size: How many.
    """

    def __init__(self, size: int = 7, **kwargs):
        pass

    def call(self, x):
        return x


def helper():
    """Helps."""
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of one module that registers `norm/seven`, and an empty folder of manifests."""
    folder = tmp_path / "sevens"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "seven.py").write_text(MODULE)
    (tmp_path / "registry").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "sevens"]:
        del sys.modules[name]


def parameters(function):
    return manifest.manifest_of(function, "slot", "name").get("parameters", {})


def test_the_manifests_are_what_the_code_says():
    assert manifest.check() == []


def test_every_manifest_reads_back_as_written():
    for name in catalogue.builtin_slots():
        for component in catalogue.builtin(name).values():
            assert Component.from_entry(name, component.name, component.to_entry()) == component


def test_annotations():
    def typed(
        a: Count,
        b: Rate = 0.1,
        c: Optional[Fraction] = None,  # noqa: UP045
        d: Literal["pre", "post"] = "post",
        e: list[str] | None = None,
        f: slot("norm") | None = None,
        g: slot("encoder", default="encoder") = None,
        h: Path = "here",
        i: Positive | Literal["auto"] = "auto",
        j: int | float = 2,
        k: Annotated[int, Bounds(maximum=5)] = 3,
        m: Literal["x", None] = "x",
        n: dict | None = None,
        o: tuple[int, ...] = (2, 3),
        p=True,
        q: list[slot("metric")] = (),
        r: slot("norm") | Literal["same", "none"] | None = "same",
        *args,
        **kwargs,
    ):
        pass

    assert parameters(typed) == {
        "a": {"type": "int", "minimum": 1},
        "b": {"type": "float", "default": 0.1, "minimum": 0, "below": 1},
        "c": {"type": "float", "default": None, "minimum": 0, "maximum": 1},
        "d": {"type": "str", "default": "post", "choices": ["pre", "post"]},
        "e": {"type": "list", "default": None, "items": {"type": "str"}},
        "f": {"type": "slot", "slot": "norm", "default": None},
        "g": {"type": "slot", "slot": "encoder", "default_type": "encoder", "default": None},
        "h": {"type": "path", "default": "here"},
        "i": {"type": "any", "default": "auto"},
        "j": {"type": "float", "default": 2},
        "k": {"type": "int", "default": 3, "maximum": 5},
        "m": {"type": "str", "default": "x", "nullable": True, "choices": ["x"]},
        "n": {"type": "map", "default": None},
        "o": {"type": "list", "default": [2, 3], "items": {"type": "int"}},
        "p": {"type": "bool", "default": True},
        "q": {"type": "list", "default": [], "items": {"type": "slot", "slot": "metric"}},
        "r": {"type": "slot", "slot": "norm", "default": "same", "nullable": True, "choices": ["same", "none"]},
    }


class Order(enum.StrEnum):
    PRE = "pre"
    POST = "post"


def test_constraints_and_choices():
    def typed(
        heads: Annotated[Count, Divides("model.dim", unless="head_dim")],
        width: Annotated[Count, Given("model.dim"), MultipleOf(8)] | None = None,
        least: Annotated[Natural, AtLeast("heads", times=2, plus=3, when="model.segments=2")] = 0,
        norm: Annotated[slot("norm"), Present(when="width"), Has("gives", "scale")] | None = None,
        metrics: list[Annotated[Metric, Fits("scores", to="gives")]] = (),
        order: Order = Order.POST,
        other: Order | None = None,
    ):
        pass

    assert parameters(typed) == {
        "heads": {"type": "int", "minimum": 1, "constraints": [{"divides": "model.dim", "unless": "head_dim"}]},
        "width": {
            "type": "int", "default": None, "minimum": 1, "given": "model.dim", "constraints": [{"multiple_of": 8}],
        },
        "least": {
            "type": "int", "default": 0, "minimum": 0,
            "constraints": [{"at_least": "heads", "times": 2, "plus": 3, "when": "model.segments=2"}],
        },
        "norm": {
            "type": "slot", "slot": "norm", "default": None,
            "constraints": [{"present": True, "when": "width"}, {"has": "gives", "values": ["scale"]}],
        },
        "metrics": {
            "type": "list", "default": [],
            "items": {"type": "slot", "slot": "metric", "constraints": [{"fits": "scores", "to": "gives"}]},
        },
        "order": {"type": "str", "default": "post", "choices": ["pre", "post"]},
        "other": {"type": "str", "default": None, "choices": ["pre", "post"]},
    }  # fmt: skip
    component = replace(component_of(typed, "slot", "name"), target="a:B")
    assert Component.from_entry("slot", "name", component.to_entry()) == component


def test_facts_and_needs():
    class Parent:
        """Parent."""

        reads = Order
        gives = ("one", RegistryError)
        facts = {"size": "small", "shape": ["round"]}

        def scores(self):
            """A method is no fact."""

    class Child(Parent):
        """Child."""

        facts = {"size": "large"}
        needs = (Need("tokenizer", Has("gives", "cls")), Need("model.segments", Exactly(2, when="pair")))

    entry = manifest.manifest_of(Child, "slot", "name")
    given = ["one", "registry_error", "keras_transformers_error"]
    facts = {"reads": ["order"], "gives": given, "size": ["large"], "shape": ["round"]}
    assert entry["facts"] == facts
    assert entry["needs"] == [
        {"path": "tokenizer", "has": "gives", "values": ["cls"]},
        {"path": "model.segments", "exactly": 2, "when": "pair"},
    ]
    component = replace(component_of(Child, "slot", "name"), target="a:B")
    assert Component.from_entry("slot", "name", component.to_entry()) == component
    assert "needs" not in manifest.manifest_of(Parent, "slot", "name")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"facts": 3}, "`facts` must be a map, but is 3."),
        ({"facts": {"gives": 3}}, "the fact `gives` must be a word or a list of words, but is 3."),
        ({"needs": {}, "facts": {}}, None),
        ({"needs": {"path": "x"}}, "`needs` must be a list, but is {'path': 'x'}."),
        ({"needs": [{"at_least": 2}]}, "a need must be a map with a `path`, but is {'at_least': 2}."),
        (
            {"needs": [{"path": "x", "atleast": 2}]},
            "a constraint must have one of divides, multiple_of, at_least, at_most, exactly, one_of, present, "
            "absent, has, fits, but is {'atleast': 2}. Did you mean `at_least`?",
        ),
        ({"needs": [{"path": "x", "at_least": 2, "tims": 3}]}, "`tims` is not a key of the constraint `at_least`."),
        (
            {"needs": [{"path": "x", "at_least": [2]}]},
            "`other` must be a number, a name or a path, but is [2].",
        ),
    ],
)
def test_what_a_manifest_may_not_say(entry, said):
    entry = {"target": "a:B", **entry}
    if said is None:
        assert Component.from_entry("norm", "half", entry).needs == ()
        return
    with pytest.raises(RegistryError) as raised:
        Component.from_entry("norm", "half", entry)
    assert str(raised.value) == f"`norm/half`: {said}"


def test_a_parameter_that_goes_on_to_the_base_fits_what_the_bases_fits():
    class Base:
        """Base."""

        def __init__(self, heads: Annotated[Count, Divides("model.dim")], dim: Annotated[int, Given("model.dim")] = 3):
            pass

    class ByPlace(Base):
        """Passed by its place."""

        def __init__(self, heads: Count, **kwargs):
            super().__init__(heads, **kwargs)

    class ByName(Base):
        """Passed by its name."""

        def __init__(self, dim: int = 7, **kwargs):
            super().__init__(dim=dim, **kwargs)

    class Changed(Base):
        """Passed on changed, so that it is no longer the same."""

        def __init__(self, heads: Count, **kwargs):
            super().__init__(2 * heads, **kwargs)

    assert parameters(ByPlace)["heads"]["constraints"] == [{"divides": "model.dim"}]
    assert parameters(ByName)["dim"]["given"] == "model.dim"
    assert "constraints" not in parameters(Changed)["heads"]


def test_a_subclass_has_its_own_parameters_then_its_parents():
    class Parent:
        """Parent.

        Args:
            size: Of the parent.
            rate: Of the parent.
        """

        def __init__(self, size: int, rate: float = 0.5, **kwargs):
            pass

    class Silent(Parent):
        """Silent."""

    class Child(Parent):
        """Child.

        Args:
            own: Of the child.
            rate: Of the child,
                on two lines.
        """

        def __init__(self, own: int, rate: float = 0.25, **kwargs):
            super().__init__(rate=rate, **kwargs)

    class Closed(Parent):
        """Closed."""

        def __init__(self, only: int = 1):
            super().__init__(2)

    class Fixed(Parent):
        """Fixed: it gives its parent's size itself."""

        def __init__(self, width: int, **kwargs):
            super().__init__(2 * width, **kwargs)

    class Grandchild(Fixed):
        """Grandchild: it gives its grandparent's rate itself."""

        def __init__(self, **kwargs):
            super().__init__(rate=0.1, **kwargs)

    assert list(parameters(Fixed)) == ["width", "rate"]
    assert list(parameters(Grandchild)) == ["width"]
    assert list(parameters(Silent)) == ["size", "rate"]
    assert list(parameters(Closed)) == ["only"]
    assert parameters(Child) == {
        "own": {"type": "int", "doc": "Of the child."},
        "rate": {"type": "float", "default": 0.25, "doc": "Of the child, on two lines."},
        "size": {"type": "int", "doc": "Of the parent."},
    }


def test_a_dataclass_has_its_fields():
    @dataclass
    class Fields:
        """Fields."""

        a: int
        b: list[int] = field(default_factory=lambda: [3, 5])

    assert parameters(Fields) == {
        "a": {"type": "int"},
        "b": {"type": "list", "default": [3, 5], "items": {"type": "int"}},
    }


def test_a_default_must_be_plain_data():
    def odd(x=sys):
        pass

    with pytest.raises(RegistryError, match=r"^`slot/name`: the default of `x` must be plain data, but is <module"):
        parameters(odd)


def test_docstrings():
    def documented(heads, dim):
        """Does
        one thing.

        More of it.

        Reference:
            Vaswani et al. 2017,
            section 3.2

        Args:
            heads (int): Number of heads: H.
            dim: Width
                of the model.

        Returns:
            none: nothing.
        """

    component = component_of(documented, "slot", "name")
    assert component.summary == "Does one thing."
    assert component.reference == "Vaswani et al. 2017, section 3.2"
    assert component.parameters["heads"].doc == "Number of heads: H."
    assert component.parameters["dim"].doc == "Width of the model."


MARKED = '''
import functools

import keras_transformers as kt
import keras_transformers.signature
from keras_transformers import signature
from keras_transformers.signature import register as mark


@mark("norm", "one", reference="Another page")
@functools.cache
class One:
    """One."""


@kt.register(name="two", slot="norm")
class Two:
    """Two."""


@signature.register("norm", "three")
@keras_transformers.signature.register("feed_forward", "third")
def three():
    """Three."""


@functools.wraps(three)
@mark("norm")
class Other:
    """Its decorators are none of a registry."""
'''


def test_the_decorator_is_found_without_importing_it(package):
    (package / "marked.py").write_text(MARKED + "1 / 0")
    assert manifest.discover(package) == {
        "feed_forward": {"third": "sevens.marked:three"},
        "norm": {
            "one": "sevens.marked:One", "two": "sevens.marked:Two", "three": "sevens.marked:three",
            "seven": "sevens.seven:Seven",
        },
    }  # fmt: skip


OLDER = '''
class Eight:
    """Eight things.

    Registered as `norm/eight`.
    Registered as `feed_forward/eight`.
    """


def helper():
    """Registered as `norm/...` is not on a line of its own here."""
'''


def test_a_plugin_of_version_0_1_registers_by_its_docstring(package):
    (package / "older.py").write_text(OLDER)
    assert manifest.discover(package) == {
        "feed_forward": {"eight": "sevens.older:Eight"},
        "norm": {"eight": "sevens.older:Eight", "seven": "sevens.seven:Seven"},
    }


def test_no_built_in_registers_by_its_docstring():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                assert registered_names(ast.get_docstring(node)) == [], f"{path}:{node.lineno}"


def test_another_librarys_register_is_not_ours(package):
    text = "from .signature import register\nfrom acme import register as other\n\n"
    (package / "marked.py").write_text(
        text + "@register('norm', 'x')\nclass X: pass\n\n@other('norm', 'y')\nclass Y: pass\n"
    )
    assert manifest.discover(package) == {"norm": {"seven": "sevens.seven:Seven"}}


def test_the_decorators_reference_is_the_manifests(package):
    (package / "marked.py").write_text(
        "from keras_transformers.signature import register\n\n"
        "@register('norm', 'eleven', reference='Page 11')\nclass Eleven:\n    'Eleven.'\n"
    )
    manifest.sync_plugin(package)
    assert catalogue.read_yaml(package / "registry.yaml")["norm"]["eleven"] == {
        "target": "sevens.marked:Eleven", "summary": "Eleven.", "reference": "Page 11",
    }  # fmt: skip


def test_sync_writes_what_check_then_accepts(package):
    folder = package.parent / "registry"
    (folder / "stale.yaml").write_text("old:\n  target: a.b:C\n")
    missing = ["`norm/seven` (sevens.seven:Seven) has no entry in norm.yaml."]
    stale = ["`stale/old` is in stale.yaml, but nothing is registered as it."]
    assert manifest.check(package, folder) == missing + stale
    assert manifest.sync(package, folder) == [folder / "norm.yaml", folder / "stale.yaml"]
    assert manifest.check(package, folder) == []
    assert manifest.sync(package, folder) == []
    assert (folder / "norm.yaml").read_text() == (
        manifest.HEADER + "seven:\n"
        "  target: sevens.seven:Seven\n"
        "  summary: Seven things.\n"
        "  reference: A page\n"
        "  parameters:\n"
        "    size: {type: int, default: 7, doc: How many.}\n"
    )


def test_check_says_what_differs(package):
    folder = package.parent / "registry"
    manifest.sync(package, folder)
    path = folder / "norm.yaml"
    path.write_text(path.read_text().replace("default: 7", "default: 11"))
    assert manifest.check(package, folder) == ["`norm/seven` differs from sevens.seven:Seven."]


def test_check_asks_for_documentation(package):
    module = package / "seven.py"
    module.write_text(MODULE.replace("        size: How many.\n", "        other: No such parameter.\n"))
    folder = package.parent / "registry"
    manifest.sync(package, folder)
    assert manifest.check(package, folder) == [
        "`norm/seven`: `size` is missing from the `Args:` of its docstring.",
        "`norm/seven`: `other` is in the `Args:` of its docstring, but is no parameter.",
    ]


BROKEN = '''
from keras_transformers.data.sources.source import Source
from keras_transformers.signature import register


@register("source", "silent")
class Silent(Source):
    """Holds nothing."""

    gives = ("text",)


@register("search", "foreign")
class Foreign:
    """Inherits nothing."""
'''


def test_check_names_the_methods_that_a_slot_asks_for(package):
    (package / "broken.py").write_text(BROKEN)
    folder = package.parent / "registry"
    manifest.sync(package, folder)
    assert manifest.check(package, folder) == [
        "`search/foreign`: Foreign must have `__call__`: what fills the slot `search` keeps to "
        "keras_transformers.decoding.search.Search.",
        "`source/silent`: Silent must have `read`: what fills the slot `source` keeps to "
        "keras_transformers.data.sources.source.Source.",
    ]


def test_a_module_that_does_not_import_is_named_and_keeps_its_entry(package):
    folder = package.parent / "registry"
    manifest.sync(package, folder)
    before = (folder / "norm.yaml").read_text()
    del sys.modules["sevens.seven"]
    (package / "seven.py").write_text("import nowhere_at_all\n" + MODULE)
    sentence = "`norm/seven`: sevens.seven:Seven does not import: ModuleNotFoundError: No module named 'nowhere_at_all'"
    assert manifest.check(package, folder) == [sentence]
    with pytest.raises(RegistryError, match=f"^{re.escape(sentence)}$"):
        manifest.sync(package, folder)
    assert (folder / "norm.yaml").read_text() == before


def test_two_claims_to_one_name_name_both(package):
    (package / "other.py").write_text(MODULE)
    with pytest.raises(DuplicateComponent) as raised:
        manifest.discover(package)
    assert str(raised.value) == "`norm/seven` is claimed by sevens.other:Seven and by sevens.seven:Seven."


def test_a_plugins_manifest_is_written_beside_its_modules(package):
    assert manifest.sync_plugin(package) == [package / "registry.yaml"]
    assert catalogue.read_yaml(package / "registry.yaml") == {
        "norm": {
            "seven": {
                "target": "sevens.seven:Seven",
                "summary": "Seven things.",
                "reference": "A page",
                "parameters": {"size": {"type": "int", "default": 7, "doc": "How many."}},
            }
        }
    }


def test_a_manifest_reads_back_whatever_names_and_defaults_it_holds(tmp_path):
    entries = {"null": {"target": "a:B", "summary": "[x]: {y}", "parameters": {"on": {"type": "str", "default": "08"}}}}
    path = tmp_path / "norm.yaml"
    path.write_text(manifest.render(entries))
    assert catalogue.read_yaml(path) == entries
    path.write_bytes(b"a: \xff")
    with pytest.raises(RegistryError) as raised:
        catalogue.read_yaml(path)
    assert str(raised.value) == f"{path} is not UTF-8 text."
