"""YAML 1.2, one dialect for all that the library reads and writes: recipes, runs, exported models, manifests.

PyYAML reads and writes YAML 1.1. Here scalars are those of 1.2's core schema: only `true` and `false` are
booleans (so that `no` is Norwegian), `08` and `1e-4` are numbers, and dates are text. `dump` puts quotes around
whatever this reader, or one of YAML 1.1, would not read back as the same text.
"""

import math
import re
from collections.abc import Callable
from itertools import chain
from typing import Any

import yaml

TAG = "tag:yaml.org,2002:"
CORE = {
    "null": (r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    "bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    "int": (r"^(?:[-+]?[0-9][0-9_]*|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    "float": (
        r"^(?:[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        list("-+.0123456789"),
    ),
    "merge": (r"^(?:<<)$", ["<"]),
}
"""For each kind of scalar that is not text its pattern, and the letters it may begin with ("": it may be empty)."""

_SEPARATORS = "\x85\u2028\u2029"  # PyYAML takes them for line breaks; since YAML 1.2 they are not
_SURROGATE_ESCAPE = re.compile(r"\\(?:u|U0000)[dD][89a-fA-F]")
_ESCAPED = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010fffe]")


def compose(text: str, base: Any = None) -> Any:
    """Return the root of one YAML document as PyYAML's node, or None if the document is empty.

    Args:
        text: The document.
        base: PyYAML's loader to parse with; by default its C parser, where there is one.

    Raises:
        yaml.YAMLError: It is not one document of YAML.
        UnicodeEncodeError: It holds half characters (lone surrogates), which are no text.
    """
    loader, root = _composed(text, base)
    loader.dispose()
    return root


def load(text: str, base: Any = None) -> Any:
    """Return what one YAML document holds as dicts, lists and scalars; None if it is empty.

    Args:
        text: The document.
        base: As for `compose`.

    Raises:
        yaml.YAMLError: It is not one document of YAML, or holds tags that would build other objects.
        UnicodeEncodeError: As for `compose`.
    """
    loader, root = _composed(text, base)
    try:
        return None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def dump(value: Any, flow: bool = False) -> str:
    """Return dicts, lists and scalars as one YAML document, which `load` reads back as the same.

    Args:
        value: The plain data; keys are text.
        flow: On one line, in braces and brackets.
    """
    text = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf, default_flow_style=flow
    )
    return text.removesuffix("\n...\n") if flow else text


def scalar(kind: str, text: str) -> bool | int | float | None:
    """Return the value of a scalar: `kind` is `null`, `bool`, `int` or `float`.

    Raises:
        ValueError: It is not of that kind.
    """
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return int(text.replace("_", ""), 16 if text.startswith("0x") else 10)
    return float(re.sub(r"^([-+]?)\.(inf|nan)$", r"\1\2", text.lower()).replace("_", ""))


def _composed(text: str, base: Any) -> tuple[Any, Any]:
    text.encode()  # lone surrogates are no text, whichever parser reads it
    hidden = _stand_ins(text)
    loader = _loader_of(base, text)(text.translate(_translation(hidden)) if hidden else text)
    try:
        root = loader.get_single_node()
    except BaseException:
        loader.dispose()
        raise
    shown = {stand_in: separator for separator, stand_in in hidden.items()}
    if shown or _SURROGATE_ESCAPE.search(text):
        _mend(root, _translation(shown), set())
    return loader, root


def _stand_ins(text: str) -> dict[str, str]:
    """Return for each separator in `text` a character that is not in it."""
    found = [separator for separator in _SEPARATORS if separator in text]
    unused = (chr(code) for code in range(0xE000, 0xF900) if chr(code) not in text)
    return dict(zip(found, unused)) if found else {}


def _translation(letters: dict[str, str]) -> dict[int, int]:
    return str.maketrans("".join(letters), "".join(letters.values()))


def _mend(node: yaml.Node | None, shown: dict[int, int], mended: set[int]) -> None:
    """Put the separators back into all scalars, and join the halves of characters that JSON writes so."""
    if node is None or id(node) in mended:
        return
    mended.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        text = node.value.translate(shown)
        node.value = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return
    for child in node.value:
        for part in child if isinstance(child, tuple) else (child,):
            _mend(part, shown, mended)


def _loader_of(base: Any, text: str) -> Any:
    if base is None:  # the C parser refuses the escapes of half characters
        base = yaml.SafeLoader if _SURROGATE_ESCAPE.search(text) else getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return _LOADERS[base]


def _loader(base: Any) -> Any:
    """Return PyYAML's safe loader `base` with the scalars of YAML 1.2's core schema."""
    loader: Any = type("Loader", (base,), {"yaml_implicit_resolvers": {}})
    for kind, (pattern, first) in CORE.items():
        loader.add_implicit_resolver(TAG + kind, re.compile(pattern), first)
    for kind in ("null", "bool", "int", "float"):
        loader.add_constructor(TAG + kind, _constructor(kind))
    return loader


def _constructor(kind: str) -> Callable[[Any, yaml.ScalarNode], Any]:
    def construct(loader: Any, node: yaml.ScalarNode) -> Any:
        text = loader.construct_scalar(node)
        try:
            return scalar(kind, text)
        except ValueError:
            problem = f'"{text}" is not a number'
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None

    return construct


_LOADERS = {base: _loader(base) for base in (yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader))}


def _resolvers_of(first: str) -> list[tuple[str, re.Pattern[str]]]:
    """Return the tag and pattern of each kind of scalar that may begin with the letter `first`."""
    return [(TAG + kind, re.compile(pattern)) for kind, (pattern, letters) in CORE.items() if first in letters]


class _Dumper(yaml.SafeDumper):
    """Writes shared values out in full, without anchors, and text that needs escapes in double quotes."""

    # A plain scalar is text only if neither the core schema nor YAML 1.1 takes it for something else.
    yaml_implicit_resolvers = {
        first: _resolvers_of(first) + yaml.SafeDumper.yaml_implicit_resolvers.get(first, [])
        for first in {*yaml.SafeDumper.yaml_implicit_resolvers, *chain(*(letters for _, letters in CORE.values()))}
    }

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(f"{TAG}str", text, style='"' if _ESCAPED.search(text) else None)


_Dumper.add_representer(str, _represent_text)
