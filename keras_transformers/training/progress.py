"""A live line while training, and a table at the end."""

import keras
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

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
LAST = ("tokens_per_second", "seconds")
HIDDEN = ("epoch", "step", "learning_rate", "val_seconds")


class LiveProgress(keras.callbacks.Callback):
    """Shows a bar for the epoch under way and prints a line for each that is done.

    Args:
        epochs: Epochs in all.
        batches: Batches in an epoch.
        console: Where to print; by default standard error.
    """

    def __init__(self, epochs, batches, console=None):
        super().__init__()
        self.epochs, self.batches = epochs, batches
        self.console = console or Console(stderr=True)
        self.bar = self.task = None

    def on_epoch_begin(self, epoch, logs=None):
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

    def on_train_batch_end(self, batch, logs=None):
        if self.bar is not None:
            self.bar.update(self.task, advance=1, loss=float(logs["loss"]))

    def on_epoch_end(self, epoch, logs=None):
        self.close()
        cells = [f"{title} {form.format(logs[name])}" for name, (title, form) in columns_of(logs).items()]
        self.console.print(f"epoch {epoch + 1}/{self.epochs}  " + "  ".join(cells), highlight=False, soft_wrap=True)

    def close(self):
        """Take the bar off the screen."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


def closing_table(history, final, title):
    """Return a table of the epochs, and of the final model's scores in its last line.

    What was measured on validation text is not shown of the training text, too, so that 80 columns suffice.

    Args:
        history: Logs, a dict an epoch.
        final: Scores of the final model on the validation text, named as in `history`.
        title: What was trained.
    """
    columns = columns_of(history[-1]) if history else {}
    columns = {name: column for name, column in columns.items() if name in KEPT or f"val_{name}" not in columns}
    columns.pop("tokens_per_second", None)
    table = Table(title=title, show_footer=bool(final), padding=(0, 0, 0, 1), show_edge=False, box=SIMPLE)
    table.add_column("epoch", "final", justify="right")
    for name, (heading, form) in columns.items():
        footer = form.format(final[name]) if name in final else ""
        table.add_column(heading, footer, justify="right")
    for line in history:
        cells = (form.format(line[name]) if name in line else "" for name, (_, form) in columns.items())
        table.add_row(str(line["epoch"]), *cells)
    return table


def columns_of(logs):
    """Return title and format of each number in the logs of an epoch that is shown, in order.

    What `COLUMNS` does not know, such as a task's own measures, is shown before the speed.
    """
    others = [name for name, value in logs.items() if name not in COLUMNS and name not in HIDDEN]
    own = {name: (name.replace("_", " "), "{:.2f}") for name in others}
    ordered = {**{name: COLUMNS[name] for name in COLUMNS if name not in LAST}, **own}
    ordered |= {name: COLUMNS[name] for name in LAST}
    return {name: column for name, column in ordered.items() if name in logs}
