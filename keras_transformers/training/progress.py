"""A live line while training, and a table at the end."""

from collections.abc import Sequence
from typing import Any

import keras
from rich.box import SIMPLE
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ..annotations import Logs
from ..runs.notes import say

COLUMNS = {
    "loss": ("loss", "{:.3f}"),
    "val_loss": ("val loss", "{:.3f}"),
    "val_bleu": ("val BLEU", "{:.2f}"),
    "val_chrf": ("val chrF", "{:.2f}"),
    "val_exact_match": ("val exact match %", "{:.2f}"),
    "tokens_per_second": ("tokens/s", "{:,.0f}"),
    "seconds": ("seconds", "{:.1f}"),
}
KEPT = ("loss",)  # shown of the training text, too
UNBOUNDED = 10_000  # columns of a terminal
LAST = ("tokens_per_second", "seconds")
HIDDEN = ("epoch", "step", "learning_rate", "val_seconds")


class LiveProgress(keras.callbacks.Callback):
    """Shows a bar for the epoch under way and prints a line for each that is done.

    Args:
        epochs: Epochs in all.
        batches: Batches in an epoch.
        console: Where to print; by default standard error.
    """

    def __init__(self, epochs: int, batches: int, console: Console | None = None) -> None:
        super().__init__()
        self.epochs, self.batches = epochs, batches
        self.console = console or Console(stderr=True)
        self.bar: Progress | None = None
        self.task = TaskID(0)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if not self.console.is_terminal:
            return
        self.bar = Progress(
            TextColumn("[bold]epoch {task.fields[epoch]}/" + str(self.epochs)),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.3f}"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
        )
        self.bar.start()
        self.task = self.bar.add_task("", total=self.batches, epoch=epoch + 1, loss=float("nan"))

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self.bar is not None:
            self.bar.update(self.task, advance=1, loss=float(logs["loss"]))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.close()
        cells = [f"{title} {form.format(logs[name])}" for name, (title, form) in columns_of(logs).items()]
        say(f"epoch {epoch + 1}/{self.epochs}  " + "  ".join(cells), self.console)

    def close(self) -> None:
        """Take the bar off the screen."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


class ClosingTable:
    """A table of the epochs, and of the final model's scores in its last line.

    What was measured on validation text is not shown of the training text, too. Where the columns do not fit side by
    side, there are several tables, one beneath the other, each with the epochs.

    Args:
        history: Logs, a dict an epoch; what is None was no number.
        final: Scores of the final model on the validation text, named as in `history`.
        title: What was trained.
    """

    def __init__(self, history: Sequence[dict[str, Any]], final: dict[str, float], title: str) -> None:
        self.history, self.final, self.title = history, final, title
        columns = columns_of(history[-1]) if history else {}
        self.columns = {name: title for name, title in columns.items() if name in KEPT or f"val_{name}" not in columns}
        self.columns.pop("tokens_per_second", None)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        unbounded = options.update(max_width=UNBOUNDED)

        def fits(table: Table) -> bool:
            return Measurement.get(console, unbounded, table).maximum <= options.max_width

        groups: list[list[str]] = [[]]
        for name in self.columns:
            if groups[-1] and not fits(self._table([*groups[-1], name], options.max_width)):
                groups.append([])
            groups[-1].append(name)
        for number, names in enumerate(groups):
            if number:
                yield Text()
            table = self._table(names)
            yield table if fits(table) else self._table(names, options.max_width)

    def _table(self, names: list[str], width: int | None = None) -> Table:
        """Return the table of these columns, as narrow as their words allow if a `width` is given."""
        first = next(iter(self.columns), None)
        table = Table(
            title=Text(self.title) if not names or names[0] == first else None,
            show_footer=bool(self.final),
            padding=(0, 0, 0, 1),
            show_edge=False,
            box=SIMPLE,
        )
        table.add_column("epoch", "final", justify="right", no_wrap=True)
        for name in names:
            heading, form = self.columns[name]
            footer = form.format(self.final[name]) if name in self.final else ""
            least = width and min(_longest_word(heading, footer, *self._cells(name)), width - len(" epoch   "))
            # Rich left alone breaks words to make columns equally wide.
            table.add_column(Text(heading), Text(footer), justify="right", width=least, overflow="fold")
        for row in zip((str(line["epoch"]) for line in self.history), *map(self._cells, names)):
            table.add_row(*(Text(cell) for cell in row))
        return table

    def _cells(self, name: str) -> list[str]:
        form = self.columns[name][1]
        values = (line.get(name) for line in self.history)
        return ["" if value is None else form.format(value) for value in values]


def _longest_word(*texts: str) -> int:
    """Return the width of the longest word of these texts."""
    return max(cell_len(word) for text in texts for word in text.split() or [""])


def columns_of(logs: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return title and format of each number in the logs of an epoch that is shown, in order.

    What `COLUMNS` does not know, such as a task's own measures, is shown before the speed.
    """
    others = [name for name, value in logs.items() if name not in COLUMNS and name not in HIDDEN]
    own = {name: (name.replace("_", " "), "{:.2f}") for name in others}
    ordered = {**{name: COLUMNS[name] for name in COLUMNS if name not in LAST}, **own}
    ordered |= {name: COLUMNS[name] for name in LAST}
    return {name: column for name, column in ordered.items() if name in logs}
