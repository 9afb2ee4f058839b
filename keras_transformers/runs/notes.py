"""Messages to the user on standard error."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

from collections.abc import Iterable

from rich.console import Console


def tell(notes: Iterable[str], console: "Console | None" = None) -> None:
    """Print notes.

    Args:
        notes: The sentences.
        console: A Rich console; by default one on standard error.
    """
    for note in notes:
        say(f" {note}", console, lead="note", style="yellow")


def say(text: str, console: "Console | None" = None, lead: str = "", style: str = "bold") -> None:
    """Print a line of text as it is, whatever in it Rich would take for markup or an emoji's name.

    Into a pipe or file it goes as one line, so that a path in it stays whole.

    Args:
        text: The text.
        console: A Rich console; by default one on standard error.
        lead: Words before it, in another style.
        style: That style.
    """
    from rich.console import Console
    from rich.text import Text

    console = console or Console(stderr=True)
    console.print(Text.assemble((lead, style), text), soft_wrap=not console.is_terminal)
