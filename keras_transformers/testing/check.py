"""`check_component`: which checks a component must pass, and what it fails."""

import inspect

from .. import registry
from ..errors import first_line
from ..registry.docstring import registered_names
from ..registry.introspect import component_of
from ..registry.local import registered
from ..signature import registrations


def check_component(component, slot=None, arguments=None, only=None):
    """Run the checks of a slot on a component.

    Layers are checked to be Keras layers in every habit: configuration, copies, saving, shapes, masks, dropout, mixed
    precision, quantization, LoRA, XLA, lengths of 0 and 1, plain `fit`, alone and under a strategy; attentions and
    decoders also to decode step by step what they compute at one stroke.

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

    if slot not in LAYER_SLOTS:
        raise AssertionError(f"There are no checks for the slot `{slot}`; there are for: {', '.join(LAYER_SLOTS)}.")
    from .layers import checks_of_layer

    return checks_of_layer(slot)


def _subject(component, slot, arguments):
    """Return a component's name for messages, its slot, and a function that makes a fresh one from a seed."""
    import keras

    if isinstance(component, str):
        slot, _, name = component.partition("/")
        component = registry.resolve(slot, name)
    if not inspect.isclass(component):
        config, kind = component.get_config(), type(component)

        def copy(seed=1):
            keras.utils.set_random_seed(seed)
            return kind.from_config(config)

        return kind.__name__, _slot_of(kind, slot), copy
    slot = _slot_of(component, slot)

    def make(seed=1):
        from .examples import argument

        keras.utils.set_random_seed(seed)
        parameters = component_of(component, slot, "checked").parameters
        return component(**{name: argument(parameter, arguments) for name, parameter in parameters.items()})

    return component.__name__, slot, make


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
