"""How settings of checkpoint files are treated: used, harmless, refused or reported, never ignored.

known_settings.py lists the keys of every file that is read; the readers of each format look here.
"""

import enum
import json
from dataclasses import dataclass

from ..errors import CheckpointError

LONGEST = 60  # characters of a value that a message shows


class Treatment(enum.Enum):
    """What becomes of a setting."""

    USED = "used"
    HARMLESS = "harmless"
    REFUSED = "refused"
    TOLD = "told"


@dataclass(frozen=True)
class Setting:
    """One key of a file.

    Args:
        treatment: What becomes of it.
        allowed: The values that are neither refused nor told, for this library does as they say; the first is what
            a message asks for. That a file says nothing is always allowed, and so is null, but for what must be
            true: null counts as false.
        why: Of what is told: what this library does instead. Of what is harmless: why.
    """

    treatment: Treatment
    allowed: tuple = ()
    why: str = ""


USED = Setting(Treatment.USED)


def harmless(why, keys):
    """Return {key: `Setting`} of keys, divided by spaces, that nothing computed here depends on."""
    return dict.fromkeys(keys.split(), Setting(Treatment.HARMLESS, why=why))


def used(keys):
    """Return {key: `Setting`} of keys, divided by spaces, that the readers do as they say."""
    return dict.fromkeys(keys.split(), USED)


def only(*allowed):
    """Return the `Setting` of a key whose other values are refused."""
    return Setting(Treatment.REFUSED, allowed)


def told(why, *allowed):
    """Return the `Setting` of a key whose other values the user is told of."""
    return Setting(Treatment.TOLD, allowed, why)


def check(settings, table, path):
    """Compare what a file says with what is known of its keys.

    Args:
        settings: The file's, a dict.
        table: {key: `Setting`}.
        path: The file, or the place in it, for messages.

    Returns:
        A list of sentences for the user on what is not done as it says.

    Raises:
        CheckpointError: It asks for something that would compute otherwise; all such keys are listed.
    """
    problems, notes, unknown = [], [], []
    for key, value in settings.items():
        setting = table.get(key)
        if setting is None:
            unknown.append(f"`{key}`")
        elif _is_allowed(value, setting.allowed):
            continue
        elif setting.treatment is Treatment.REFUSED:
            problems.append(f"`{key}` must be {shown(setting.allowed[0])}, but is {shown(value)}")
        elif setting.treatment is Treatment.TOLD:
            notes.append(f"{path}: `{key}` is {shown(value)}: {setting.why}.")
    if problems:
        raise CheckpointError(f"{path}: {'; '.join(problems)}.")
    if unknown:
        keys = f"{', '.join(unknown[:-1])} and {unknown[-1]} are" if unknown[1:] else f"{unknown[0]} is"
        notes.append(f"{path}: {keys} unknown to this library, and not used.")
    return notes


def _is_allowed(value, allowed):
    if value is None:
        return allowed != (True,)
    return any(value == one and type(value) is type(one) for one in allowed)


def shown(value):
    """Return a value of a JSON file as a message shows it."""
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
