"""Notes: what was dropped, cut or begins anew, told to the user on standard error."""


def tell(notes, console=None):
    """Print notes, each a sentence.

    Args:
        notes: The sentences.
        console: A Rich console; by default one on standard error.
    """
    from rich.console import Console
    from rich.markup import escape

    console = console or Console(stderr=True)
    for note in notes:
        console.print(f"[yellow]note[/] {escape(note)}", highlight=False)
