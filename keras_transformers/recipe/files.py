"""Where recipes are: the shipped ones by name, a user's own by path."""

import os
from collections.abc import Callable
from pathlib import Path

from ..errors import Problem, did_you_mean
from ..files import StrPath
from ..registry.resources import recipes_dir
from .document import Node, found, parse
from .merge import merge
from .older import renewed
from .problem import Place, problem, shown

SUFFIXES = (".yaml", ".yml")


def names() -> list[str]:
    """Return the names of the recipes that come with the library, sorted."""
    return sorted(path.stem for path in Path(recipes_dir()).iterdir() if path.suffix in SUFFIXES)


def is_path(text: str) -> bool:
    """Return whether `text` is a path, by its form, rather than the name of a shipped recipe."""
    return text.endswith(SUFFIXES) or "/" in text or "\\" in text


def is_file(text: str) -> bool:
    """Return whether `text` is the path of a recipe file, by its form and because it is there."""
    return text.endswith(SUFFIXES) or (is_path(text) and Path(text).is_file())


def locate(reference: str, folder: StrPath) -> Path | str:
    """Return the file that a name or path means; where there is none, what is wrong, as text.

    Args:
        reference: Name of a shipped recipe, or a path.
        folder: Folder that a relative path starts from.
    """
    if is_path(reference):
        path = Path(folder) / os.path.expanduser(reference)
        if path.is_file():
            return path
        kind = "is a folder, not a recipe file" if path.is_dir() else "does not exist"
        near = did_you_mean(path.stem, names()) if path.suffix in SUFFIXES else ""
        return f"the recipe file {shown(path)} {kind}.{near}"
    if reference in names():
        return _shipped(reference)
    near = did_you_mean(reference, names())
    for suffix in SUFFIXES:
        if (Path(folder) / (reference + suffix)).is_file():
            near = f" For the file {reference}{suffix} write ./{reference}{suffix}"
            return f"no recipe is called `{reference}`.{near}."
    return f"no recipe is called `{reference}`.{near} There are: {', '.join(names())}."


def _shipped(name: str) -> Path:
    for suffix in SUFFIXES:
        path = Path(recipes_dir()) / (name + suffix)
        if path.is_file():
            return path
    raise FileNotFoundError(name)


def header(path: StrPath) -> str:
    """Return the comment lines that open a recipe file, without their `#`."""
    lines = []
    for line in Path(path).read_text(encoding="utf-8-sig").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line[1:].removeprefix(" "))
    return "\n".join(lines)


def read_file(path: StrPath) -> tuple[Node | None, list[Problem]]:
    """Read one recipe file, without its parents, into a `Node` (None if unreadable) and problems."""
    name = shown(path)
    at = Place(name, 1, 1)
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return None, [problem(Place(name, line, 1), "", "a recipe must be UTF-8 text.")]
    except OSError as error:
        return None, [problem(at, "", f"cannot be read: {error.strerror}.")]
    node, problems = parse(text, name)
    if node is not None and not node.is_map:
        what = "is empty" if node.value is None else f"must be a map, found {found(node.value)}"
        return None, problems + [problem(at, "", f"the recipe {what}.")]
    return None if node is None else renewed(node), problems


def with_parents(
    node: Node, folder: StrPath, complete: Callable[[Node], Node], chain: tuple[Path, ...] = ()
) -> tuple[Node | None, list[Problem]]:
    """Merge a recipe over the one it extends, and that over its own parent.

    Args:
        node: Map `Node` of the recipe.
        folder: Folder that a relative `extends` starts from.
        complete: Function that writes out the types which a parent leaves to the grammar.
        chain: Files read so far, the outermost first.

    Returns:
        The merged `Node` (None if a parent could not be read) and problems.
    """
    if "extends" not in node.value:
        return node, []
    own = type(node)({**node.value}, node.place, {**node.keys})
    parent = own.value.pop("extends")
    own.keys.pop("extends")
    if parent.value is None:
        return own, []
    if not isinstance(parent.value, str):
        message = f"expected the name or path of one recipe, found {found(parent.value)}."
        return None, [problem(parent.place, "extends", message)]
    located = locate(parent.value, folder)
    if isinstance(located, str):
        return None, [problem(parent.place, "extends", located + _through(chain))]
    path = located.resolve()
    if path in chain:
        circle = " → ".join(shown(path) for path in [*chain[chain.index(path) :], path])
        return None, [problem(parent.place, "extends", f"a recipe must not extend itself: {circle}.")]
    base, problems = read_file(path)
    if base is None:
        return None, problems
    base, more = with_parents(base, path.parent, complete, (*chain, path))
    if base is None:
        return None, problems + more
    return merge(complete(base), own), problems + more


def _through(chain: tuple[Path, ...]) -> str:
    if len(chain) < 2:
        return ""
    return f" (through {' → '.join(shown(path) for path in chain)})"
