"""Builds a `Component` from a class's signature, annotations and docstring."""

import ast
import collections.abc
import dataclasses
import enum
import inspect
import re
import textwrap
import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import RegistryError
from ..signature import Bounds, Constraint, FilePath, Given, Slot, TextEncoding
from .component import ITEM, Component, Parameter
from .constraints import facts_of, needs_of
from .docstring import Docstring

PLAIN = {bool: "bool", int: "int", float: "float", str: "str", list: "list", tuple: "list", dict: "map"}
MAPS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
LISTS = (list, tuple, collections.abc.Sequence, collections.abc.Iterable)


def component_of(found: Any, slot: str, name: str, origin: str = "built-in", reference: str = "") -> Component:
    """Return the `Component` that a class or function makes of itself.

    A constructor that passes `**kwargs` on to its base class takes the base's parameters too, except
    those that it gives itself; those of Keras's classes (`name`, `dtype`, …) are left out. A parameter that goes
    on to the base's of the same name has that one's constraints, unless it has its own.

    Raises:
        RegistryError: It is neither a class nor a function, or a default is not plain data.
    """
    if not callable(found) or not hasattr(found, "__qualname__"):
        raise RegistryError(f"`{slot}/{name}` must be a class or a function, but is {found!r}.")
    owners = _owners(found)
    documented = [Docstring(owner.__doc__) for owner in owners]
    parameters: dict[str, Parameter] = {}
    passed = _Passed()
    for owner in owners:
        own = list(_parameters_of(owner, f"{slot}/{name}"))
        passed.to([parameter.name for parameter in own])
        for parameter in own:
            if parameter.name not in passed.given:
                parameters.setdefault(parameter.name, parameter)
            elif parameter.name in passed.unchanged & set(parameters):
                parameters[parameter.name] = _bound_as(parameters[parameter.name], parameter)
        if inspect.isclass(owner) and "__init__" in vars(owner):
            passed.by(owner.__init__)
    for key, parameter in parameters.items():
        doc = next((entry.arguments[key] for entry in documented if key in entry.arguments), "")
        parameters[key] = dataclasses.replace(parameter, doc=doc)
    return Component(
        slot,
        name,
        target=f"{found.__module__}:{found.__qualname__}",
        summary=documented[0].summary,
        reference=reference or documented[0].reference,
        facts=facts_of(found),
        needs=needs_of(found),
        parameters=parameters,
        origin=origin,
    )


def _owners(found: Any) -> list[Any]:
    """Return the function, or the classes whose constructors take the parameters, the class itself first."""
    if not inspect.isclass(found):
        return [found]
    owners = []
    for base in found.__mro__:
        if base.__module__.partition(".")[0] in ("keras", "builtins", "tensorflow"):
            break
        owners.append(base)
        if "__init__" in vars(base) and not _passes_kwargs(vars(base)["__init__"]):
            break
    return owners or [found]


def _passes_kwargs(function: Any) -> bool:
    if not any(own.kind is own.VAR_KEYWORD for own in inspect.signature(function).parameters.values()):
        return False
    call = _super_call(function)
    return call is None or any(keyword.arg is None for keyword in call.keywords)


class _Passed:
    """What the constructors of subclasses pass to those of their bases.

    Attributes:
        given: Names of parameters that a base is given by name or place.
        unchanged: Those of them whose value is the subclass's parameter of the same name.
    """

    def __init__(self) -> None:
        self.given: set[str] = set()
        self.unchanged: set[str] = set()
        self._arguments: list[ast.expr] = []

    def by(self, function: Any) -> None:
        """Take in what a constructor passes to its base's."""
        call = _super_call(function)
        self._arguments = [] if call is None else call.args
        for keyword in [] if call is None else call.keywords:
            if keyword.arg:
                self._take(keyword.arg, keyword.value)

    def to(self, names: Iterable[str]) -> None:
        """Match what was passed by place with the names of the base's parameters."""
        for name, value in zip(names, self._arguments):
            self._take(name, value)

    def _take(self, name: str, value: ast.expr) -> None:
        self.given.add(name)
        if isinstance(value, ast.Name) and value.id == name:
            self.unchanged.add(name)


def _bound_as(parameter: Parameter, base: Parameter) -> Parameter:
    """Return a subclass's parameter that it passes on to its base's of the same name: it fits what that one fits."""
    constraints = parameter.constraints or base.constraints
    return dataclasses.replace(parameter, constraints=constraints, given=parameter.given or base.given)


def _super_call(function: Any) -> ast.Call | None:
    """Return the syntax of the constructor's call of `super().__init__`, or None if its source is not there."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and re.match(r"super\(.*\)\.__init__$", ast.unparse(node.func)):
            return node
    return None


def _parameters_of(owner: Any, where: str) -> Iterator[Parameter]:
    is_class = inspect.isclass(owner)
    if is_class and "__init__" not in vars(owner):
        return
    function = owner.__init__ if is_class else owner
    hints = _hints(function, where)
    fields = dataclasses.fields(owner) if dataclasses.is_dataclass(owner) else ()
    factories: dict[str, Any] = {
        entry.name: entry.default_factory for entry in fields if entry.default_factory is not dataclasses.MISSING
    }
    for argument in list(inspect.signature(function).parameters.values())[1 if is_class else 0 :]:
        if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
            continue
        default = factories[argument.name]() if argument.name in factories else argument.default
        yield _parameter(argument.name, hints.get(argument.name, inspect.Parameter.empty), default, where)


def _hints(function: Any, where: str) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, AttributeError, TypeError) as error:
        raise RegistryError(f"`{where}`: its annotations cannot be read: {error}.") from error


def _parameter(name: str, annotation: Any, default: Any, where: str) -> Parameter:
    required = default is inspect.Parameter.empty
    default = None if required else _plain(default, name, where)
    facts: dict[str, Any] = {"type": "any"}
    if annotation is not inspect.Parameter.empty:
        facts = _facts(annotation)
    elif default is not None:
        facts = {"type": PLAIN[type(default)]}
    if not required and default is None:
        facts["nullable"] = True
    return Parameter(name, required=required, default=default, **facts)


def _plain(value: Any, name: str, where: str) -> Any:
    """Return a default as YAML would hold it."""
    if isinstance(value, (list, tuple)):
        return [_plain(item, name, where) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item, name, where) for key, item in value.items()}
    if isinstance(value, enum.Enum):
        value = value.value
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise RegistryError(f"`{where}`: the default of `{name}` must be plain data, but is {value!r}.")


def _facts(annotation: Any) -> dict[str, Any]:
    """Return what an annotation says, as arguments of `Parameter`."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        facts = _facts(arguments[0])
        for note in arguments[1:]:
            if isinstance(note, Constraint):
                facts["constraints"] = (*facts.get("constraints", ()), note)
            facts.update(_note(note))
        return facts
    if origin in (typing.Union, types.UnionType):
        return _union(arguments)
    if origin is typing.Literal:
        choices = tuple(choice for choice in arguments if choice is not None)
        kinds = {type(choice) for choice in choices}
        facts = {"type": PLAIN.get(kinds.pop(), "any") if len(kinds) == 1 else "any", "choices": choices}
        return {**facts, "nullable": True} if None in arguments else facts
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _facts(typing.Literal[tuple(member.value for member in annotation)])
    if (origin or annotation) in MAPS:
        return {"type": "map"}
    if (origin or annotation) in LISTS:
        item = arguments[0] if arguments else typing.Any
        return (
            {"type": "list"}
            if item is typing.Any
            else {"type": "list", "items": Parameter(ITEM, required=True, **_facts(item))}
        )
    return {"type": PLAIN.get(annotation, "any")}


def _union(arguments: tuple[Any, ...]) -> dict[str, Any]:
    some = [_facts(member) for member in arguments if member is not type(None)]
    slots = [facts for facts in some if "slot" in facts]
    if len(some) == 1:
        facts = some[0]
    elif len(slots) == 1 and all("choices" in facts for facts in some if facts is not slots[0]):
        # A component, or one of a few words that stand for one.
        facts = {**slots[0], "choices": tuple(word for facts in some for word in facts.get("choices", ()))}
    else:
        number = {member["type"] for member in some} == {"int", "float"} and all(len(member) == 1 for member in some)
        facts = {"type": "float" if number else "any"}
    return {**facts, "nullable": True} if type(None) in arguments else facts


def _note(note: Any) -> dict[str, Any]:
    if isinstance(note, Slot):
        return {"type": "slot", "slot": note.name, "default_type": note.default}
    if isinstance(note, Bounds):
        return dataclasses.asdict(note)
    if isinstance(note, FilePath):
        return {"type": "path"}
    if isinstance(note, Given):
        return {"given": note.path}
    if isinstance(note, TextEncoding):
        return {"type": "encoding"}
    return {}
