"""Generates registry/*.yaml from the code, and checks that they agree.

A top-level class or function is registered by the decorator `register` of `keras_transformers.signature`, or of
`keras_transformers` itself; in a plugin package of version 0.1 also by a line of its docstring, "Registered as
`slot/name`.". `sync` writes the manifests from the signatures and docstrings of all such objects, and `check` says
where they differ. The modules are searched as text, so only those that register something are imported.
"""

import ast
import importlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import DuplicateComponent, RegistryError
from ..files import StrPath, write_text
from ..signature import registrations
from .builtin import read_yaml, refresh
from .contracts import require_contract
from .decorators import decorated_names
from .docstring import Docstring, registered_names
from .introspect import component_of
from .resources import PACKAGE, registry_dir

HEADER = "# Written by `keras-transformers registry sync` from signatures and docstrings: change those.\n"
Targets = dict[str, dict[str, str]]
Entry = dict[str, Any]


def manifest_of(found: Any, slot: str, name: str) -> Entry:
    """Return the entry of a class or function, as a plain map."""
    own = (mark.reference for mark in registrations(found) if (mark.slot, mark.name) == (slot, name))
    return component_of(found, slot, name, reference=next(own, "")).to_entry()


def discover(package: StrPath = PACKAGE) -> Targets:
    """Return the targets of all registered objects of a package's folder, by slot and name.

    Raises:
        DuplicateComponent: Two objects claim one name.
    """
    package, found = Path(package), Targets()
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_bytes(), str(path))
        for node in tree.body:
            if not isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                continue
            names = [*decorated_names(node, tree, package.name), *registered_names(ast.get_docstring(node))]
            for slot, name in dict.fromkeys(names):
                target = f"{_module(path, package)}:{node.name}"
                holder = found.setdefault(slot, {}).setdefault(name, target)
                if holder != target:
                    raise DuplicateComponent(f"`{slot}/{name}` is claimed by {holder} and by {target}.")
    return found


def sync(package: StrPath = PACKAGE, folder: StrPath | None = None) -> list[Path]:
    """Write the manifests of the library; return the files written or removed.

    An object that does not import keeps its old entry, and the others are written all the same.

    Raises:
        RegistryError: Some objects do not import.
    """
    folder = Path(folder or registry_dir())
    fresh, problems = _fresh(package, folder)
    changed = []
    for slot, entries in fresh.items():
        changed += _write(folder / f"{slot}.yaml", render(entries))
    for path in sorted(folder.glob("*.yaml")):
        if path.stem not in fresh:
            path.unlink()
            changed.append(path)
    refresh()
    if problems:
        raise RegistryError("\n".join(problems))
    return changed


def sync_plugin(package: StrPath) -> list[Path]:
    """Write PACKAGE/registry.yaml of a plugin from its folder; return the files written.

    The folder's name must be that of an importable package.

    Raises:
        RegistryError: Some objects do not import.
    """
    package = Path(package)
    entries = {slot: {name: _entry(slot, name, target) for name, target in sorted(named.items())}
               for slot, named in sorted(discover(package).items())}  # fmt: skip
    body = "".join(f"{_flow(slot)}:\n{_indent(_render(named))}" for slot, named in entries.items())
    return _write(package / "registry.yaml", HEADER + body)


def check(package: StrPath = PACKAGE, folder: StrPath | None = None) -> list[str]:
    """Return a sentence for each thing in which code and manifests differ, or a class breaks its slot's contract."""
    folder = Path(folder or registry_dir())
    fresh, problems = _fresh(package, folder)
    slots = sorted({*fresh, *(path.stem for path in folder.glob("*.yaml"))})
    for slot in slots:
        path = folder / f"{slot}.yaml"
        written = read_yaml(path) if path.exists() else {}
        expected = fresh.get(slot, {})
        for name in sorted({*expected, *written}, key=str):
            if name not in written:
                problems.append(f"`{slot}/{name}` ({expected[name]['target']}) has no entry in {path.name}.")
            elif name not in expected:
                problems.append(f"`{slot}/{name}` is in {path.name}, but nothing is registered as it.")
            elif written[name] != expected[name]:
                problems.append(f"`{slot}/{name}` differs from {expected[name]['target']}.")
    for slot, name, found in _importable(discover(package)):
        problems += [*_contract(slot, name, found), *_documentation(slot, name, found)]
    return problems


def render(entries: Mapping[str, Entry]) -> str:
    """Return the text of a manifest: a block per component, a line per parameter."""
    return HEADER + "\n".join(_render({name: entry}) for name, entry in entries.items())


def _fresh(package: StrPath, folder: Path) -> tuple[dict[str, dict[str, Entry]], list[str]]:
    """Return the entries by slot and name as the code has them now, and what does not import."""
    fresh: dict[str, dict[str, Entry]] = {}
    problems = []
    for slot, named in sorted(discover(package).items()):
        fresh[slot] = {}
        for name, target in sorted(named.items()):
            try:
                fresh[slot][name] = _entry(slot, name, target)
            except RegistryError as error:
                problems.append(str(error))
                path = folder / f"{slot}.yaml"
                old = read_yaml(path).get(name) if path.exists() else None
                if old is not None:
                    fresh[slot][name] = old
    return {slot: entries for slot, entries in fresh.items() if entries}, problems


def _entry(slot: str, name: str, target: str) -> Entry:
    return manifest_of(_load(slot, name, target), slot, name)


def _load(slot: str, name: str, target: str) -> Any:
    module, _, attribute = target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise RegistryError(f"`{slot}/{name}`: {target} does not import: {why}") from error


def _importable(targets: Targets) -> Iterator[tuple[str, str, Any]]:
    """Yield (slot, name, object) of all registered objects that import; what does not is said elsewhere."""
    for slot, named in sorted(targets.items()):
        for name, target in sorted(named.items()):
            with suppress(RegistryError):
                yield slot, name, _load(slot, name, target)


def _contract(slot: str, name: str, found: Any) -> list[str]:
    """Return, in a sentence, which methods that its slot asks for a class has not."""
    try:
        require_contract(found, slot, name)
    except RegistryError as error:
        return [str(error)]
    return []


def _documentation(slot: str, name: str, found: Any) -> list[str]:
    """Return where a registered object and its docstring differ."""
    parameters = component_of(found, slot, name).parameters
    missing = [parameter.name for parameter in parameters.values() if not parameter.doc]
    unknown = [argument for argument in Docstring(found.__doc__).arguments if argument not in parameters]
    return [
        *(f"`{slot}/{name}`: `{lost}` is missing from the `Args:` of its docstring." for lost in missing),
        *(f"`{slot}/{name}`: `{extra}` is in the `Args:` of its docstring, but is no parameter." for extra in unknown),
    ]


def _module(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _render(entries: Mapping[str, Entry]) -> str:
    lines = []
    for name, entry in entries.items():
        lines.append(f"{_flow(name)}:")
        for key in ("target", "summary", "reference", "facts"):
            if key in entry:
                lines.append(f"  {key}: {_flow(entry[key])}")
        if entry.get("needs"):
            lines.append("  needs:")
            lines += [f"    - {_flow(need)}" for need in entry["needs"]]
        if entry.get("parameters"):
            lines.append("  parameters:")
            lines += [f"    {_flow(key)}: {_flow(facts)}" for key, facts in entry["parameters"].items()]
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    from .. import yaml12

    return yaml12.dump(value, flow=True).rstrip("\n")


def _indent(text: str) -> str:
    return "".join(f"  {line}" for line in text.splitlines(keepends=True))


def _write(path: Path, text: str) -> list[Path]:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return []
    write_text(path, text)
    return [path]
