"""Rejects lone surrogates, which JSON allows but UTF-8 cannot encode."""

from typing import TypeVar

from ...errors import DataError

Value = TypeVar("Value")


def unicode_text(value: Value, place: object) -> Value:
    r"""Return `value`, which is Unicode text if it is a str.

    JSON may say half of a character that it writes as two, such as "\ud83d" of a cut emoji.

    Args:
        value: What was read; anything but a str passes.
        place: Where it stands, to begin the message with.

    Raises:
        DataError: It holds half a character.
    """
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            half = f"\\u{ord(value[error.start]):04x}"
            raise DataError(f"{place} must be Unicode text, but holds `{half}`, half of a character.") from None
    return value
