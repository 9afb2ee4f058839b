"""What --plugin names: a file and what lies beside it, a package, an installed module."""

import json
import subprocess
import sys
import textwrap

import pytest

from keras_transformers import registry
from keras_transformers.errors import PluginError
from keras_transformers.registry import loading, local

LINES = """
from keras_transformers.registry import register
{imports}

@register("source", "{name}")
class Lines:
    '''Lines of a file.'''

    factor = {value}

    def __init__(self, limit: int = 3):
        self.limit = limit

    def read(self, root=None):
        return None

    def later(self):
        {later}
"""


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    """Give the test a registry, a list of modules and a finder of its own."""
    beside = loading._Beside()
    monkeypatch.setattr(loading, "_beside", beside)
    monkeypatch.setattr(local, "_registered", dict(local._registered))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(folder, **files):
    """Write files of a folder: `name="text"` is name.py."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / (name.replace("__in__", "/") + ".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return folder


def plugin(name="lines", imports="", value="7", later="return 11"):
    return LINES.format(name=name, imports=imports, value=value, later=later)


def refused(what):
    before, modules = dict(local.registered()), set(sys.modules)
    with pytest.raises(PluginError) as raised:
        registry.load_plugin(what)
    assert local.registered() == before
    assert not {name for name in set(sys.modules) - modules if "user" in name or "mine" in name}
    return str(raised.value)


def test_a_file_imports_what_lies_beside_it_at_once_and_later(tmp_path):
    folder = write(
        tmp_path / "p",
        mine=plugin(
            imports="from settings_mine import FACTOR", value="FACTOR", later="import late_mine; return late_mine.X"
        ),
        settings_mine="from deeper_mine.numbers import FACTOR",
        deeper_mine__in__numbers="FACTOR = 13",
        late_mine="X = 17",
    )
    before = list(sys.path)
    module = registry.load_plugin(folder / "mine.py")
    assert registry.resolve("source", "lines") is module.Lines
    assert (module.Lines.factor, module.Lines().later()) == (13, 17)
    assert sys.path == before


def test_nobody_else_finds_the_files_beside_a_plugin(tmp_path):
    folder = write(tmp_path / "p", mine=plugin(imports="import beside_mine"), beside_mine="", other_mine="")
    registry.load_plugin(folder / "mine.py")
    with pytest.raises(ModuleNotFoundError):
        import other_mine  # noqa: F401


def test_no_file_beside_a_plugin_stands_for_a_module_of_python(tmp_path):
    folder = write(tmp_path / "p", mine=plugin(imports="import colorsys", value="colorsys.ONE_THIRD"), colorsys="")
    sys.modules.pop("colorsys", None)
    assert registry.load_plugin(folder / "mine.py").Lines.factor == pytest.approx(1 / 3)


def test_a_file_with_the_name_of_an_installed_module_is_refused(tmp_path):
    import yaml

    folder = write(tmp_path / "p", mine=plugin(imports="import first_mine\nimport yaml"), first_mine="", yaml="x = 1")
    assert refused(folder / "mine.py") == (
        f"The plugin file `{folder}/mine.py`: mine.py, line 4: `yaml` may mean what lies beside the file, but is "
        f"another module ({yaml.__path__[0]}): rename what lies beside it."
    )
    write(folder, mine=plugin(imports="import first_mine"), first_mine="import os\nfrom yaml import x")
    assert refused(folder / "mine.py") == (
        f"The plugin file `{folder}/mine.py`, line 3: first_mine.py, line 2: `yaml` may mean what lies beside the "
        f"file, but is another module ({yaml.__path__[0]}): rename what lies beside it."
    )


def test_two_plugins_do_not_share_a_file_of_one_name(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name, **{f"plugin_{name}": plugin(name, "import same_mine"), "same_mine": f"X = '{name}'"})
    registry.load_plugin(tmp_path / "a" / "plugin_a.py")
    assert refused(tmp_path / "b" / "plugin_b.py").endswith(
        f"`same_mine` may mean what lies beside the file, but is another module ({tmp_path}/a/same_mine.py): rename "
        "what lies beside it."
    )
    assert registry.names("source")[-1] == "a"


def test_a_failing_file_beside_is_named_with_its_line_and_may_be_mended(tmp_path):
    folder = write(tmp_path / "p", mine=plugin(imports="import broken_mine"), broken_mine="x = 1\ny = missing\n")
    assert refused(folder / "mine.py") == (
        f"The plugin file `{folder}/mine.py`, line 3: broken_mine.py, line 2: NameError: name 'missing' is not defined"
    )
    write(folder, broken_mine="x = 1\n\nclass :\n")
    assert refused(folder / "mine.py") == (
        f"The plugin file `{folder}/mine.py`, line 3: broken_mine.py, line 3: invalid syntax."
    )
    write(folder, broken_mine="from no_such_mine import x")
    assert refused(folder / "mine.py") == (
        f"The plugin file `{folder}/mine.py`, line 3: broken_mine.py, line 1: ModuleNotFoundError: No module named "
        "'no_such_mine'"
    )
    write(folder, broken_mine="")
    assert registry.load_plugin(folder / "mine.py").Lines.factor == 7


def test_a_folder_is_a_package(tmp_path):
    folder = write(
        tmp_path / "layers_mine",
        __init__="from .layers import Lines",
        layers=plugin(imports="from .settings import FACTOR\nfrom layers_mine import settings", value="FACTOR"),
        settings="FACTOR = 19",
    )
    module = registry.load_plugin(str(folder))
    assert (module.__name__, module.Lines.factor) == ("layers_mine", 19)
    assert registry.describe("source", "lines").origin == "layers_mine/layers.py"
    assert registry.load_plugin(folder) is module


def test_a_folder_whose_name_is_no_modules(tmp_path):
    folder = write(tmp_path / "my-layers", __init__="from .layers import Lines", layers=plugin())
    module = registry.load_plugin(folder)
    assert (module.__name__, module.Lines.factor) == ("keras_transformers_user_my_layers", 7)


def test_a_folder_that_cannot_be_a_plugin(tmp_path):
    folder = write(tmp_path / "no start")
    assert refused(folder) == (
        f"The plugin folder `{folder}` holds no __init__.py: add one that imports the files which register components, "
        "or name those files themselves."
    )
    folder = write(tmp_path / "json", __init__="")
    assert refused(folder) == (
        f"The plugin folder `{folder}` has the name of another module (Python's own): rename the folder."
    )
    folder = write(tmp_path / "pytest", __init__="")
    assert refused(folder) == (
        f"The plugin folder `{folder}` has the name of another module ({pytest.__path__[0]}): rename the folder."
    )
    folder = write(tmp_path / "failing_mine", __init__="from . import sub", sub="1 / 0")
    assert refused(folder) == (
        f"The plugin folder `{folder}`, line 1: sub.py, line 1: ZeroDivisionError: division by zero"
    )


def test_an_installed_module(tmp_path):
    sys.path.append(str(write(tmp_path, acme_mine__in____init__="", acme_mine__in__layers=plugin())))
    module = registry.load_plugin("acme_mine.layers")
    assert registry.resolve("source", "lines") is module.Lines
    assert registry.load_plugin("acme_mine.layers") is module


def test_an_installed_module_that_is_missing_or_fails(tmp_path, monkeypatch):
    folder = write(tmp_path, acme_mine__in____init__="", acme_mine__in__layers="import no_such_mine")
    monkeypatch.chdir(folder)
    for name in ("no_mine", "no_mine.layers", "acme_mine.no"):
        sys.path.append(str(folder))
        assert refused(name) == f"There is no plugin file, folder or installed module `{name}`."
    assert refused("acme_mine.layers") == (
        "The plugin module `acme_mine.layers`: layers.py, line 1: ModuleNotFoundError: No module named 'no_such_mine'"
    )
    write(folder, nearby="")
    assert refused("nearby.x").startswith("There is no plugin file")
    sys.path[:] = [one for one in sys.path if one not in ("", str(folder))]
    sys.modules.pop("nearby", None)
    assert (
        refused("nearby") == "There is no plugin file, folder or installed module `nearby`. Did you mean `nearby.py`?"
    )


def test_what_fails_takes_no_module_of_others_with_it(tmp_path):
    """Even where the plugin lies above an environment: modules written in C cannot be imported twice."""
    sys.path.append(str(write(tmp_path / "site", third_party="x = 1")))
    folder = write(tmp_path, mine="import third_party\n1 / 0")
    assert (
        refused(folder / "mine.py")
        == f"The plugin file `{folder}/mine.py`, line 2: ZeroDivisionError: division by zero"
    )
    assert "third_party" in sys.modules


def test_several_processes_load_a_plugin_at_once_under_the_same_names(tmp_path):
    folder = write(tmp_path / "p", mine=plugin(imports="from settings_mine import F", value="F"), settings_mine="F = 5")
    code = (
        "import sys, json; from keras_transformers import registry; before = list(sys.path)\n"
        "module = registry.load_plugin(sys.argv[1])\n"
        "names = [name for name in sys.modules if 'mine' in name]\n"
        "print(json.dumps([names, module.Lines.factor, sys.path == before]))"
    )
    command = [sys.executable, "-c", code, folder / "mine.py"]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    for worker in workers:
        said, _ = worker.communicate()
        assert json.loads(said) == [["keras_transformers_user_mine", "settings_mine"], 5, True]
