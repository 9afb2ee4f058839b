import ast
import subprocess
import sys
from pathlib import Path

import pytest

import keras_transformers as kt


def test_every_public_name_is_lazy_and_every_lazy_name_public():
    assert sorted(kt.__all__) == sorted([*kt._FUNCTIONS, *kt._MODULES])


def test_type_checkers_see_the_names_that_exist():
    tree = ast.parse(Path(kt.__file__).read_text(encoding="utf-8"))
    block = next(one for one in tree.body if isinstance(one, ast.If) and ast.unparse(one.test) == "TYPE_CHECKING")
    seen = {
        alias.asname or alias.name: f"{node.module or alias.name}:{alias.name}"
        for node in block.body
        for alias in node.names
    }
    assert seen == {**kt._FUNCTIONS, **{name: f"{name}:{name}" for name in kt._MODULES}}


@pytest.mark.parametrize("name", [*kt._FUNCTIONS, *kt._MODULES])
def test_every_public_name_exists(name):
    assert hasattr(kt, name)
    assert callable(getattr(kt, name)) == (name in kt._FUNCTIONS)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module `keras_transformers` has no attribute `bulid`"):
        kt.bulid  # noqa: B018


def test_a_function_keeps_its_name_beside_a_submodule_of_the_same_name():
    code = (
        "import types, sys, keras_transformers as kt\n"
        "kt.export = types.ModuleType('keras_transformers.export')\n"
        "print('export' in vars(kt))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_names_are_listed_without_keras():
    code = (
        "import sys, keras_transformers as kt\n"
        "[kt.describe(slot, name) for slot in kt.slots() for name in kt.names(slot)]\n"
        "print([name for name in ('keras', 'tensorflow', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
