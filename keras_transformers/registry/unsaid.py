"""Compatibility with version 0.1, where parameter names implied constraints and defaults.

Then a parameter `dim`, `vocab_size` or `steps` that a recipe left empty took the model's, or the training's; and
`heads` had to divide `model.dim`. Now a signature says so itself; what says nothing keeps its meaning here.
"""

import dataclasses

from ..signature import Divides
from .component import Component, Parameter

NEAREST = {"dim": "model.dim", "vocab_size": "model.vocab_size", "steps": "training.steps"}
"""By the name of a parameter, the path of the value that it takes unless a component around it has one."""

HEADS = Divides("model.dim", unless="head_dim")


def completed(component: Component) -> Component:
    """Return a component that is not built in with what the names of its parameters say."""
    parameters = {name: _completed(component.slot, parameter) for name, parameter in component.parameters.items()}
    return dataclasses.replace(component, parameters=parameters)


def _completed(slot: str, parameter: Parameter) -> Parameter:
    if parameter.given or parameter.constraints:
        return parameter
    if parameter.name in NEAREST and parameter.nullable and parameter.type in ("int", "float", "any"):
        if slot != "model":
            return dataclasses.replace(parameter, given=parameter.name)
        if parameter.name == "vocab_size":
            return dataclasses.replace(parameter, given="tokenizer.vocab_size")
    if parameter.name == "heads" and parameter.type == "int" and slot != "section":
        return dataclasses.replace(parameter, constraints=(HEADS,))
    return parameter
