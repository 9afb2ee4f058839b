import re
import sys
from dataclasses import dataclass, field
from typing import Annotated, Literal, Optional

import pytest

from keras_transformers.errors import DuplicateComponent, RegistryError
from keras_transformers.registry import builtin as catalogue
from keras_transformers.registry import manifest
from keras_transformers.registry.component import Component
from keras_transformers.registry.introspect import component_of
from keras_transformers.signature import Bounds, Count, Fraction, Path, Positive, Rate, slot

MODULE = '''
class Seven:
    """Seven things.

    Registered as `norm/seven`.

    Reference: A page

    Args:
        size: How many.
    """

    def __init__(self, size: int = 7, **kwargs):
        pass


def helper():
    """Registered as `norm/...` is not on a line of its own here."""
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
    }


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
