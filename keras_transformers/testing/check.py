"""`check_component`: which checks a component must pass, and what it fails."""

import copy
import inspect

from .. import registry
from ..errors import first_line
from ..registry.docstring import registered_names
from ..registry.introspect import component_of
from ..registry.local import registered
from ..signature import registrations
from ..slots import CONTRACTS, contract


def check_component(component, slot=None, arguments=None, only=None):
    """Run the checks of a slot on a component.

    Layers are checked to be Keras layers in every habit: configuration, copies, saving, shapes, masks, dropout, mixed
    precision, quantization, LoRA, XLA, lengths of 0 and 1, plain `fit`, alone and under a strategy; attentions and
    decoders also to decode step by step what they compute at one stroke, with beams too. Other components are checked
    to keep the contract of their slot (keras_transformers/slots.py), on small examples: a metric's best score is that
    of who is always right, a tokenizer gives its text back, a loss adds up over parts of a batch, a search keeps its
    limits, and so on.

    Args:
        component: A class; an object, of which copies are made; or the name of what is registered, such as
            `attention/multi_head`.
        slot: The slot that it fills; by default the one that it is registered in.
        arguments: What its constructor is given where an example cannot be guessed, by name.
        only: Names of checks, of those that `checks_of` lists; by default all.

    Raises:
        AssertionError: It fails some; the message lists each with what is missing.
    """
    name, slot, make = _subject(component, slot, arguments or {})
    checks = checks_of(slot)
    unknown = set(only or ()) - set(checks)
    if unknown:
        raise AssertionError(f"There is no check `{sorted(unknown)[0]}` for {slot}; there are: {', '.join(checks)}.")
    failures, cause = [], None
    for title in only or checks:
        try:
            checks[title](make)
        except Exception as error:
            cause = error
            failures.append(f"{title}: {_said(error)}")
    if failures:
        raise AssertionError("\n".join([f"`{name}` is no {slot} as it should be:", *failures])) from cause


def checks_of(slot):
    """Return the checks of a slot, by name: functions of one that makes a fresh component from a seed.

    Raises:
        AssertionError: The slot has none.
    """
    from .examples import LAYER_SLOTS

    if slot in LAYER_SLOTS:
        from .layers import checks_of_layer

        return checks_of_layer(slot)
    if contract(slot) is None:
        known = ", ".join(entry.slot for entry in CONTRACTS)
        raise AssertionError(f"There are no checks for the slot `{slot}`; there are for: {known}.")
    from .parts import checks_of_part

    return checks_of_part(slot)


def _subject(component, slot, arguments):
    """Return a component's name for messages, its slot, and a function that makes a fresh one from a seed."""
    if isinstance(component, str):
        slot, _, name = component.partition("/")
        component = registry.resolve(slot, name)
    kind = component if inspect.isclass(component) else type(component)
    slot = _slot_of(kind, slot)

    def make(seed=1):
        import keras

        keras.utils.set_random_seed(seed)
        if component is kind:
            return kind(**_arguments_of(kind, slot, arguments))
        return kind.from_config(component.get_config()) if hasattr(kind, "get_config") else copy.deepcopy(component)

    make.kind = kind
    return kind.__name__, slot, make


def _arguments_of(kind, slot, arguments):
    from .examples import argument

    parameters = component_of(kind, slot, "checked").parameters
    return {name: argument(parameter, arguments) for name, parameter in parameters.items()}


def _slot_of(kind, slot):
    if slot is not None:
        return slot
    for (known, _), entry in registered().items():
        if entry.object is kind:
            return known
    if marks := registrations(kind):
        return marks[0].slot
    if names := registered_names(kind.__doc__):
        return names[0][0]
    raise AssertionError(
        f"`{kind.__name__}` is not registered: say which slot it fills, as in check_component(…, slot)."
    )


def _said(error):
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    text = " ".join(lines[:4]) if isinstance(error, AssertionError) else f"{type(error).__name__}: {first_line(error)}"
    return text or type(error).__name__
