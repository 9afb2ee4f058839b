"""Component metadata, known without importing the class, and its YAML form.

An entry of a manifest:

    multi_head:
      target: keras_transformers.layers.attention:MultiHeadAttention
      summary: Multi-head scaled dot-product attention.
      reference: Vaswani et al. 2017, section 3.2.2, https://arxiv.org/abs/1706.03762
      parameters:
        heads: {type: int, minimum: 1, constraints: [{divides: model.dim}], doc: Number of heads.}
        dropout: {type: float, default: 0.0, minimum: 0, below: 1, doc: Rate on the weights.}

A parameter without `default` is required; one whose default is null may be null. What `facts`, `needs` and
`constraints` mean, signature.py says.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from ..errors import RegistryError, did_you_mean
from ..signature import Constraint, Need
from .constraints import Facts, constraint_from, entry_of, facts_from, need_entry, need_from

BUILT_IN = "built-in"
TYPES = ("int", "float", "bool", "str", "path", "encoding", "any", "list", "map", "slot")
NAME = re.compile(r"[a-z][a-z0-9_]*")
TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
BOUNDS = ("minimum", "maximum", "above", "below")
ENTRY_KEYS = ("target", "summary", "reference", "facts", "needs", "parameters")
PARAMETER_KEYS = (
    "type", "slot", "default_type", "default", "nullable", "choices", *BOUNDS, "items", "given", "constraints", "doc",
)  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """One argument of a component's constructor.

    Args:
        name: As in the constructor and in recipes.
        type: One of `TYPES`.
        required: It has no default.
        default: Plain data; None if required.
        nullable: Null is allowed.
        choices: The only values allowed, or None.
        minimum: Least value allowed, or None.
        maximum: Greatest value allowed, or None.
        above: The value must be greater than this, or None.
        below: The value must be less than this, or None.
        slot: For type `slot`, the slot whose components it takes.
        default_type: For type `slot`, the component meant by a map without `type`.
        items: For type `list`, what each item must be, or None.
        given: Path of the value that it takes where a recipe leaves it empty, such as `model.dim`, or None.
        constraints: What it must be, given other values of the recipe.
        doc: One line.
    """

    name: str
    type: str
    required: bool = False
    default: Any = None
    nullable: bool = False
    choices: tuple[Any, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    slot: str | None = None
    default_type: str | None = None
    items: "Parameter | None" = None
    given: str | None = None
    constraints: tuple[Constraint, ...] = ()
    doc: str = ""

    def to_entry(self) -> dict[str, Any]:
        """Return the plain map that a manifest holds."""
        entry: dict[str, Any] = {"type": self.type}
        if self.slot:
            entry["slot"] = self.slot
        if self.default_type:
            entry["default_type"] = self.default_type
        if not self.required:
            entry["default"] = self.default
        if self.nullable and (self.required or self.default is not None):
            entry["nullable"] = True
        if self.choices is not None:
            entry["choices"] = list(self.choices)
        entry.update({key: getattr(self, key) for key in BOUNDS if getattr(self, key) is not None})
        if self.items is not None:
            entry["items"] = self.items.to_entry()
        if self.given:
            entry["given"] = self.given
        if self.constraints:
            entry["constraints"] = [entry_of(constraint) for constraint in self.constraints]
        if self.doc:
            entry["doc"] = self.doc
        return entry

    @classmethod
    def from_entry(cls, name: str, entry: Any) -> "Parameter":
        """Read the map of a manifest.

        Raises:
            RegistryError: The map is not what a manifest holds.
        """
        where = f"parameter `{name}`"
        _check_keys(entry, where, PARAMETER_KEYS, required=("type",))
        if entry["type"] not in TYPES:
            raise RegistryError(f"{where}: `type` must be one of {', '.join(TYPES)}, but is {entry['type']!r}.")
        if (entry["type"] == "slot") != isinstance(entry.get("slot"), str):
            raise RegistryError(f"{where}: `slot` must name the slot of a parameter of type slot, and of no other.")
        bounds = {key: entry.get(key) for key in BOUNDS}
        for key, value in bounds.items():
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
                raise RegistryError(f"{where}: `{key}` must be a number, but is {value!r}.")
        choices = entry.get("choices")
        if choices is not None and not (isinstance(choices, list) and choices):
            raise RegistryError(f"{where}: `choices` must be a list, but is {choices!r}.")
        given, items = entry.get("given"), entry.get("items")
        if given is not None and not isinstance(given, str):
            raise RegistryError(f"{where}: `given` must be a path, but is {given!r}.")
        constraints = _list(entry, "constraints", where)
        required = "default" not in entry
        return cls(
            name,
            entry["type"],
            required=required,
            default=entry.get("default"),
            nullable=bool(entry.get("nullable", not required and entry["default"] is None)),
            choices=None if choices is None else tuple(choices),
            slot=entry.get("slot"),
            default_type=entry.get("default_type"),
            items=None if items is None else cls.from_entry(ITEM, items),
            given=given,
            constraints=tuple(constraint_from(constraint, where) for constraint in constraints),
            doc=str(entry.get("doc", "")),
            **bounds,
        )


ITEM = "items"  # name of the Parameter that describes a list's items; it is required


@dataclass(frozen=True)
class Component:
    """A registered class or function, as its manifest describes it.

    Args:
        slot: Where it fits, such as `attention`.
        name: As recipes write it: `multi_head`, or `acme/talking_heads` for a plugin's.
        target: `package.module:Object`.
        summary: First line of its docstring.
        reference: Paper or documentation, or "".
        facts: What it says of itself: words, by the name of the fact.
        needs: What it needs of other parts of the recipe.
        parameters: By name, in the order of the signature.
        origin: `built-in`, `plugin acme (acme-attention 1.0)`, or the file that registered it.
    """

    slot: str
    name: str
    target: str
    summary: str = ""
    reference: str = ""
    facts: Facts = field(default_factory=dict)
    needs: tuple[Need, ...] = ()
    parameters: dict[str, Parameter] = field(default_factory=dict)
    origin: str = BUILT_IN

    @property
    def title(self) -> str:
        """Slot and name, as messages show them: `attention/multi_head` in backquotes."""
        return f"`{self.slot}/{self.name}`"

    def to_entry(self) -> dict[str, Any]:
        """Return the plain map that a manifest holds."""
        entry: dict[str, Any] = {"target": self.target, "summary": self.summary}
        if self.reference:
            entry["reference"] = self.reference
        if self.facts:
            entry["facts"] = {fact: list(words) for fact, words in self.facts.items()}
        if self.needs:
            entry["needs"] = [need_entry(need) for need in self.needs]
        if self.parameters:
            entry["parameters"] = {name: parameter.to_entry() for name, parameter in self.parameters.items()}
        return entry

    @classmethod
    def from_entry(cls, slot: str, name: Any, entry: Any, origin: str = BUILT_IN, scope: str = "") -> "Component":
        """Read the map of a manifest; `scope` is the plugin's name, which prefixes the component's.

        Raises:
            RegistryError: The map is not what a manifest holds.
        """
        where = f"`{slot}/{name}`"
        if not (isinstance(name, str) and NAME.fullmatch(name)):
            raise RegistryError(f"{where}: a name must be lower-case letters, digits and _, but is {name!r}.")
        _check_keys(entry, where, ENTRY_KEYS, required=("target",))
        target = entry["target"]
        if not (isinstance(target, str) and TARGET.fullmatch(target)):
            raise RegistryError(f"{where}: `target` must be package.module:Object, but is {target!r}.")
        parameters = entry.get("parameters") or {}
        if not isinstance(parameters, dict):
            raise RegistryError(f"{where}: `parameters` must be a map, but is {parameters!r}.")
        try:
            parameters = {key: Parameter.from_entry(key, value) for key, value in parameters.items()}
        except RegistryError as error:
            raise RegistryError(f"{where}, {error}") from None
        return cls(
            slot,
            f"{scope}/{name}" if scope else name,
            target,
            summary=str(entry.get("summary", "")),
            reference=str(entry.get("reference", "")),
            facts=facts_from(entry.get("facts") or {}, where),
            needs=tuple(need_from(need, where) for need in _list(entry, "needs", where)),
            parameters=parameters,
            origin=origin,
        )


def _list(entry: dict[str, Any], key: str, where: str) -> list[Any]:
    value = entry.get(key) or []
    if not isinstance(value, list):
        raise RegistryError(f"{where}: `{key}` must be a list, but is {value!r}.")
    return value


def _check_keys(entry: Any, where: str, allowed: tuple[str, ...], required: tuple[str, ...]) -> None:
    if not isinstance(entry, dict):
        raise RegistryError(f"{where}: must be a map, but is {entry!r}.")
    for key in entry:
        if key not in allowed:
            raise RegistryError(f"{where}: `{key}` is not a key of it.{did_you_mean(key, allowed)}")
    for key in required:
        if key not in entry:
            raise RegistryError(f"{where}: `{key}` is missing.")
