"""Loads what --plugin names: a Python file, a package folder, or an installed module.

A file may import what lies beside it, as a script may. Such modules are found last, after all that is installed,
and only for the plugin's own code: a user's `tokenizers.py` is nobody else's, and never the standard library's.
"""

import ast
import importlib
import importlib.util
import keyword
import os
import re
import sys
import traceback
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import FrameType, ModuleType, TracebackType
from typing import Self

from ..errors import PluginError, RegistryError
from ..signature import MARKED
from .local import register_marked, registered

MODULE_PREFIX = "keras_transformers_user_"
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_IMPORT_SYSTEM = (os.path.dirname(importlib.__file__), "<frozen importlib")


def load_plugin(plugin: str | os.PathLike[str]) -> ModuleType:
    """Import what the user names, so that what it registers can be used; return its module.

    What is already loaded is not executed again. What fails registers nothing.

    Args:
        plugin: Path of a Python file, path of a folder with an `__init__.py`, or name of an installed module.

    Raises:
        PluginError: It does not exist, or fails; the sentence gives the line.
    """
    path = Path(plugin).expanduser()
    if path.is_file():
        return _load_file(plugin, path.resolve())
    if (path / "__init__.py").is_file():
        return _load_package(plugin, path.resolve())
    if _MODULE.fullmatch(str(plugin)) and not str(plugin).endswith(".py"):
        return _load_module(str(plugin))
    if path.is_dir():
        raise PluginError(
            f"The plugin folder `{plugin}` holds no __init__.py: add one that imports the files which register "
            "components, or name those files themselves."
        )
    raise PluginError(f"The plugin file `{plugin}` does not exist.")


def _load_file(shown: object, path: Path) -> ModuleType:
    name = _module_name(path.stem, path)
    if name in sys.modules:
        return sys.modules[name]
    with _Loading(f"The plugin file `{shown}`", name, path) as loading:
        _beside.allow(path)
        _refuse_ambiguous(path, path.parent)
        spec = importlib.util.spec_from_loader(name, SourceFileLoader(name, str(path)))
        return loading.done(_executed(spec))


def _load_package(shown: object, folder: Path) -> ModuleType:
    start, name = folder / "__init__.py", folder.name
    if not name.isidentifier() or keyword.iskeyword(name):
        name = _module_name(name, start)
    other = _other_place(name, start)
    if other:
        raise PluginError(f"The plugin folder `{shown}` has the name of another module ({other}): rename the folder.")
    if name in sys.modules:
        return sys.modules[name]
    with _Loading(f"The plugin folder `{shown}`", name, folder) as loading:
        spec = importlib.util.spec_from_file_location(name, start, submodule_search_locations=[str(folder)])
        return loading.done(_executed(spec))


def _load_module(name: str) -> ModuleType:
    top = name.partition(".")[0]
    spec = importlib.util.find_spec(top) if top not in sys.modules else sys.modules[top].__spec__
    try:
        with _Loading(f"The plugin module `{name}`", top, _root(spec) or Path(top)) as loading:
            return loading.done(importlib.import_module(name))
    except PluginError as error:
        missing = getattr(error.__cause__, "name", None) if isinstance(error.__cause__, ImportError) else None
        if missing is None or not f"{name}.".startswith(f"{missing}."):
            raise
        near = f" Did you mean `{name}.py`?" if Path(f"{name}.py").is_file() else ""
        raise PluginError(f"There is no plugin file, folder or installed module `{name}`.{near}") from None


def _executed(spec: ModuleSpec | None) -> ModuleType:
    """Return the module of `spec`, which names a file of Python, executed."""
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class _Loading:
    """Undoes what a plugin did if it fails, and says in a sentence where it failed.

    Args:
        what: What is loaded, for the sentence.
        name: The module's name at the top level.
        root: Its file, or the folder that its files lie in.
    """

    def __init__(self, what: str, name: str, root: Path) -> None:
        self.what, self.name, self.root = what, name, root
        self.modules, self.registered, self.marked = set(sys.modules), dict(registered()), len(MARKED)

    def __enter__(self) -> Self:
        return self

    def done(self, module: ModuleType) -> ModuleType:
        """Return the module that was loaded, and register what it only marked."""
        register_marked(self.marked)
        return module

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        own = {self.name, *_beside.found}
        for name in set(sys.modules) - self.modules:
            if name.partition(".")[0] in own:
                del sys.modules[name]
        registered().clear()
        registered().update(self.registered)
        if not isinstance(error, KeyboardInterrupt):
            raise PluginError(f"{self.what}{self._place(error)}: {_what(error)}") from error

    def _place(self, error: BaseException) -> str:
        """Return the line that failed: of the plugin's own file, and then of the file that this one imports."""
        calls = [(Path(call.filename), call.lineno) for call in traceback.extract_tb(error.__traceback__)]
        if isinstance(error, SyntaxError) and error.filename:
            calls.append((Path(error.filename), error.lineno))
        roots = (self.root, *_beside.found.values())
        calls = [(file, line) for file, line in calls if _is_in(file, roots)]
        start = self.root / "__init__.py" if self.root.is_dir() else self.root
        first = [line for file, line in calls if file == start]
        place = f", line {first[-1]}" if first else ""
        if calls and calls[-1][0] != start:
            file, line = calls[-1]
            place += f": {os.path.relpath(file, start.parent)}, line {line}"
        return place


def _what(error: BaseException) -> str:
    if isinstance(error, RegistryError):
        return str(error)
    return f"{error.msg}." if isinstance(error, SyntaxError) else f"{type(error).__name__}: {error}"


class _Beside:
    """Finds modules that lie beside the user's plugin files, for the code of these files and modules alone.

    Attributes:
        found: For the name of each module that was found its file or folder.
    """

    def __init__(self) -> None:
        self.roots: dict[Path, set[Path]] = {}
        self.found: dict[str, Path] = {}

    def allow(self, path: Path) -> None:
        """Let a plugin file import what lies beside it."""
        self.roots.setdefault(path.parent, {path}).add(path)
        if self not in sys.meta_path:
            sys.meta_path.append(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module, as Python's import system asks for it; None: it is not here."""
        if path is not None:
            return None
        file = _importing_file()
        folder = next((folder for folder, roots in self.roots.items() if file and _is_in(file, roots)), None)
        spec = None if folder is None else PathFinder.find_spec(name, [str(folder)])
        root = _root(spec)
        if spec is None or folder is None or root is None:
            return None
        self.found[name] = root
        self.roots[folder].add(root)
        if spec.origin and spec.origin.endswith(".py"):
            _refuse_ambiguous(Path(spec.origin), folder)
        return spec


_beside = _Beside()


def _importing_file() -> Path | None:
    """Return the file whose code imports something now, or None."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(_IMPORT_SYSTEM):
        frame = frame.f_back
    return None if frame is None else Path(frame.f_code.co_filename)


def _refuse_ambiguous(path: Path, folder: Path) -> None:
    """Refuse an import that may mean what lies beside a file, and gets something else."""
    for name, line in _imports(path):
        spec = PathFinder.find_spec(name, [str(folder)])
        if spec is None or spec.origin is None or name in sys.stdlib_module_names:
            continue
        other = _other_place(name, Path(spec.origin))
        if other:
            raise PluginError(
                f"{path.name}, line {line}: `{name}` may mean what lies beside the file, but is another module "
                f"({other}): rename what lies beside it."
            )


def _imports(path: Path) -> list[tuple[str, int]]:
    """Return (name, line) of the modules at the top level that a file imports."""
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError):
        return []  # said when it is executed
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name.partition(".")[0], node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.append((node.module.partition(".")[0], node.lineno))
    return sorted(found, key=lambda item: item[1])


def _other_place(name: str, own: Path) -> str | None:
    """Return where the module of this name lies if it is not the file `own`, or None if there is none."""
    if name in sys.stdlib_module_names:
        return "Python's own"
    try:
        spec = sys.modules[name].__spec__ if name in sys.modules else importlib.util.find_spec(name)
    except (AttributeError, ValueError, ImportError):
        return None
    root = _root(spec)
    return None if root is None or root == _root_of(own) else str(root)


def _root(spec: ModuleSpec | None) -> Path | None:
    """Return the file of a module, or the folder of a package; None if it has none."""
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    return Path(spec.origin).resolve() if spec.origin and spec.has_location else None


def _root_of(file: Path) -> Path:
    return file.parent.resolve() if file.name == "__init__.py" else file.resolve()


def _is_in(file: Path, roots: Iterable[Path]) -> bool:
    return any(root == file or root in file.parents for root in roots)


def _module_name(stem: str, path: Path) -> str:
    """Return the same name for the same file, whatever was loaded before it, if no other has its stem."""
    stem = "".join(letter if letter.isalnum() else "_" for letter in stem)
    name, number = MODULE_PREFIX + stem, 1
    while name in sys.modules and sys.modules[name].__file__ != str(path):
        number += 1
        name = f"{MODULE_PREFIX}{stem}_{number}"
    return name
