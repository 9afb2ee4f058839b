import io

import pytest
from awkward_paths import NAMES
from rich.console import Console

from keras_transformers.runs.notes import say, tell


@pytest.mark.parametrize("name", [*NAMES, "[/]", "[link=x]y[/link]", "a\\[b]", "x " * 99, "trailing\\"])
def test_what_is_said_is_said_as_it_is(name):
    stream = io.StringIO()
    console = Console(file=stream)
    say(f" → {name}", console, lead=name)
    tell([name], console)
    assert stream.getvalue() == f"{name} → {name}\nnote {name}\n"


def test_by_default_on_standard_error(capsys):
    tell(["Dropped."])
    assert capsys.readouterr() == ("", "note Dropped.\n")
