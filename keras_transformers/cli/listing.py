"""What `list` and `show` print: the registry and the recipes as text or as plain data. Light."""

from pathlib import Path

from .. import registry
from ..errors import ExportError, RecipeError, UnknownComponent, did_you_mean
from ..recipe import header, load
from ..recipe import names as recipe_names
from ..recipe.validate import expected


def slot_facts(slot):
    """Return {name: facts} of a slot's components."""
    found = {}
    for name in registry.names(slot):
        component = registry.describe(slot, name)
        found[name] = {"summary": component.summary, "target": component.target, "origin": component.origin}
    return found


def recipe_facts():
    """Return {name: facts} of the shipped recipes."""
    found = {}
    for name in recipe_names():
        try:
            found[name] = {"summary": load(name).tree["summary"]}
        except RecipeError as error:
            count = len(error.problems)
            problems = "1 problem" if count == 1 else f"{count} problems"
            found[name] = {"summary": f"({problems}: keras-transformers validate {name})"}
    return found


def plugin_facts():
    """Return {name: facts} of the installed plugins, the broken ones included."""
    return {
        plugin.name: {
            "summary": plugin.error or ", ".join(f"{part.slot}/{part.name}" for part in plugin.components),
            "distribution": plugin.distribution,
            "version": plugin.version,
            "requirement": plugin.requirement,
            "components": [f"{part.slot}/{part.name}" for part in plugin.components],
            "error": plugin.error,
        }
        for plugin in registry.plugins()
    }


def table(facts):
    """Return lines of names and summaries, aligned."""
    width = max((len(name) for name in facts), default=0)
    return [f"  {name:<{width}}  {entry['summary']}".rstrip() for name, entry in facts.items()]


def components(name):
    """Return the components of a bare name, in whatever slot."""
    return [registry.describe(slot, name) for slot in registry.slots() if name in registry.names(slot)]


def find_components(name):
    """Return the components that `slot/name`, or a bare name, means.

    Raises:
        UnknownComponent: Neither a recipe nor a component is called so.
    """
    slot, _, rest = name.partition("/")
    if rest and slot in registry.slots():
        return [registry.describe(slot, rest)]
    found = components(name)
    if found:
        return found
    if name in registry.slots():
        raise UnknownComponent(f"`{name}` is a slot: keras-transformers list {name} shows what fills it.")
    existing = [(group, entry) for group in registry.slots() for entry in registry.names(group)]
    full = [f"{group}/{entry}" for group, entry in existing]
    near = did_you_mean(name, full if rest else [*(entry for _, entry in existing), *recipe_names()])
    raise UnknownComponent(f"No recipe and no component is called `{name}`.{near} `keras-transformers list` shows all.")


def component_facts(component):
    """Return a component as plain data."""
    return {
        "kind": "component",
        "slot": component.slot,
        "name": component.name,
        "origin": component.origin,
        **component.to_entry(),
    }


def component_text(component):
    """Return a component as lines for people."""
    lines = [f"{component.slot}/{component.name}  ({component.origin})", component.summary, ""]
    lines.append(f"target     {component.target}")
    if component.reference:
        lines.append(f"reference  {component.reference}")
    lines.append("")
    if not component.parameters:
        return "\n".join([*lines, "It has no parameters."])
    rows = [(name, _takes(parameter), parameter.doc) for name, parameter in component.parameters.items()]
    name_width = max(len(name) for name, _, _ in rows)
    takes_width = max(len(takes) for _, takes, _ in rows)
    lines.append("parameters")
    lines += [f"  {name:<{name_width}}  {takes:<{takes_width}}  {doc}".rstrip() for name, takes, doc in rows]
    return "\n".join(lines)


def recipe_data(recipe):
    """Return a recipe as plain data."""
    return {
        "kind": "recipe",
        "name": recipe.name,
        "path": str(recipe.path) if recipe.path else None,
        "header": header(recipe.path) if recipe.path else "",
        "summary": recipe.tree["summary"],
        "tree": recipe.tree,
    }


def recipe_text(recipe):
    """Return a recipe as YAML: the comments that open its file, and what it resolves to."""
    comments = header(recipe.path) if recipe.path else ""
    opening = "".join(f"# {line}".rstrip() + "\n" for line in comments.splitlines())
    return opening + recipe.to_yaml().rstrip("\n")


def is_saved_model(name):
    """Tell whether a name is that of a SavedModel's folder."""
    from ..api.export import is_saved_model

    return is_saved_model(name)


def saved_model_facts(name):
    """Return the signatures of a SavedModel, its inputs and answer, and the recipe that it was exported from."""
    from ..api.export import read_interface
    from ..recipe.document import parse

    node, _ = parse(_exported_recipe(name), name)
    return {**read_interface(name), "recipe": None if node is None else node.plain()}


def saved_model_text(name):
    """Return what `show` prints of a SavedModel: each signature with its inputs and outputs, then the recipe."""
    from ..api.export import read_interface

    lines = []
    for signature, tensors in read_interface(name).get("signatures", {}).items():
        lines.append(f"# signature {signature}")
        for side in ("inputs", "outputs"):
            lines += [f"#   {side[:-1]:6} {one}: {_shape(tensor)}" for one, tensor in tensors[side].items()]
    return "\n".join([*lines, _exported_recipe(name).rstrip("\n")])


def _exported_recipe(name):
    """Return the text of a SavedModel's recipe, as it is: it may name parts of plugins that are not here."""
    from ..api.export import RECIPE

    try:
        return (Path(name) / RECIPE).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ExportError(f"{name} has no {RECIPE}: it is no SavedModel of `keras-transformers export`.") from None


def _shape(tensor):
    shape = tensor["shape"]
    sizes = ["…"] if shape is None else ["…" if size is None else str(size) for size in shape]
    if shape and shape[0] is None:
        sizes[0] = "N"
    return f"{tensor['dtype']} ({', '.join(sizes)})"


def _takes(parameter):
    if parameter.type == "slot" and parameter.nullable:
        what = f"{expected(parameter)} or null"
    else:
        what = expected(parameter)
    if parameter.required:
        return f"{what}, required"
    default = "null" if parameter.default is None else parameter.default
    default = str(default).lower() if isinstance(default, bool) else default
    return f"{what}, default {default}" if default != "" else what
