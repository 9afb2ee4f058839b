"""Reads a Google-style docstring: summary, `Args:`, `Reference:` and the lines by which version 0.1 registered."""

import inspect
import re

REGISTERED = re.compile(r"^Registered as `([a-z0-9_]+)/([a-z0-9_]+)`\.$", re.MULTILINE)
ARGUMENT = re.compile(r"\**(\w+)(?: \([^)]*\))?:\s*(.*)")


class Docstring:
    """The parts of a docstring that a manifest holds.

    Args:
        text: The docstring, or None.
    """

    def __init__(self, text: str | None) -> None:
        text = inspect.cleandoc(text or "")
        self.summary = " ".join(text.partition("\n\n")[0].split())
        self.reference = " ".join(" ".join(_section(text, "Reference")).split())
        self.arguments = _arguments(_section(text, "Args"))


def registered_names(text: str | None) -> list[tuple[str, str]]:
    """Return the (slot, name) of each line "Registered as `slot/name`." of a docstring, as in version 0.1."""
    return REGISTERED.findall(inspect.cleandoc(text or ""))


def _section(text: str, title: str) -> list[str]:
    """Return the lines under `title:` with their indentation, and what follows the colon on its line."""
    found = re.search(rf"^{title}:[ \t]*(.*(?:\n(?:[ \t]+.*|[ \t]*$))*)", text, re.MULTILINE)
    return found.group(1).split("\n") if found else []


def _arguments(lines: list[str]) -> dict[str, str]:
    lines = [line for line in lines if line.strip()]
    if not lines:
        return {}
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    arguments: dict[str, str] = {}
    name = None
    for line in lines:
        start = ARGUMENT.fullmatch(line.strip()) if len(line) - len(line.lstrip()) == margin else None
        if start:
            name = start.group(1)
            arguments[name] = start.group(2)
        elif name:
            arguments[name] = f"{arguments[name]} {line.strip()}".strip()
    return arguments
