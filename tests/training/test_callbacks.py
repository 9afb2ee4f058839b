import json
import types

import keras
import pytest

from keras_transformers.errors import RunError, TrainingDiverged
from keras_transformers.runs.run import Run
from keras_transformers.training.callbacks import Clock, Divergence, Keeper, Record, best_index
from keras_transformers.training.progress import ClosingTable, LiveProgress, columns_of


class Checkpoints:
    """Remembers what it was asked to save."""

    def __init__(self):
        self.saved = []

    def save_epoch(self, epoch, best):
        self.saved.append((epoch, best))

    def save_last(self, epoch):
        self.saved.append(epoch)


def kept(values, monitor="val_bleu", patience=None, history=()):
    """Return what is saved, and the epoch at whose end training stops."""
    keeper = Keeper(Checkpoints(), monitor, history, patience)
    keeper.set_model(types.SimpleNamespace(stop_training=False))
    for epoch, value in enumerate(values, start=len(history)):
        keeper.on_epoch_end(epoch, {monitor: value})
        if keeper.model.stop_training:
            return keeper.checkpoints.saved, epoch + 1
    return keeper.checkpoints.saved, None


def test_the_best_and_the_last_are_saved():
    assert kept([1.0, 3.0, 2.0])[0] == [(1, True), 1, (2, True), 2, (3, False), 3]


def test_a_lower_loss_is_better():
    assert kept([3.0, 1.0, 2.0], "val_loss")[0] == [(1, True), 1, (2, True), 2, (3, False), 3]


def test_epochs_before_an_interruption_count():
    assert kept([2.0], history=[{"val_bleu": 3.0}])[0] == [(2, False), 2]


@pytest.mark.parametrize(("patience", "stops"), [(None, None), (1, 3), (2, 6)], ids=["never", "at once", "after two"])
def test_patience(patience, stops):
    assert kept([1.0, 2.0, 2.0, 3.0, 1.0, 2.0, 9.0], patience=patience)[1] == stops


def test_the_first_best_is_chosen():
    assert best_index([1.0, 3.0, 3.0, 2.0], "val_bleu") == 1
    assert best_index([3.0, 1.0, 1.0], "val_loss") == 1


NAN, INFINITE = float("nan"), float("inf")


def test_what_is_no_number_is_never_the_best():
    assert best_index([NAN, 2.0, NAN, 3.0], "val_loss") == 1
    assert best_index([NAN, 2.0, 3.0], "val_bleu") == 2
    assert best_index([None, INFINITE, 2.0, -INFINITE], "val_bleu") == 2
    assert best_index([NAN, None], "val_bleu") is None
    assert best_index([], "val_bleu") is None


def test_what_is_no_number_is_not_saved_as_the_best():
    assert kept([NAN, 1.0, NAN])[0] == [(1, False), 1, (2, True), 2, (3, False), 3]


def test_epochs_without_a_number_try_patience():
    assert kept([NAN] * 5, patience=3)[1] == 3
    assert kept([NAN, 1.0, 2.0, NAN, NAN], patience=2)[1] == 5


class State:
    """Stands for checkpoints."""

    def __init__(self, are_numbers=True):
        self.are_numbers, self.kept = are_numbers, "the checkpoint after epoch 2 is kept"


def third_epoch(divergence, losses, logs):
    for number, loss in enumerate(losses):
        divergence.on_train_batch_end(number, {"loss": loss})
    divergence.on_epoch_end(2, logs)


def stopped(*, batches=(), logs=None, are_numbers=True):
    """Return what is said when the third epoch has these losses."""
    divergence = Divergence(State(are_numbers), "GO ON", first_batch=5)
    divergence.on_epoch_begin(2)
    with pytest.raises(TrainingDiverged) as raised:
        third_epoch(divergence, batches, logs or {})
    assert raised.value.exit_status == 2
    what, rest = str(raised.value).split(": ", 1)
    assert rest == (
        "training has stopped, and the checkpoint after epoch 2 is kept. Lower the learning rate (`training.schedule`) "
        "or clip the gradients to less (`training.optimizer.clip_norm`), with --set, and go on with: GO ON"
    )
    return what


def test_a_loss_that_is_no_number_stops_at_its_batch():
    assert stopped(batches=[1.0, NAN]) == "The loss is NaN in epoch 3, batch 7"
    assert stopped(batches=[INFINITE]) == "The loss is infinite in epoch 3, batch 6"


def test_a_validation_loss_or_weights_that_are_no_numbers_stop_after_the_epoch():
    assert stopped(batches=[1.0], logs={"val_loss": NAN}) == "The validation loss is NaN after epoch 3"
    assert stopped(batches=[1.0], are_numbers=False) == "Weights are NaN or infinite after epoch 3"


def test_batches_are_counted_anew_in_each_epoch():
    divergence = Divergence(State(), "GO ON", first_batch=5)
    for epoch in (0, 1):
        divergence.on_epoch_begin(epoch)
        divergence.on_train_batch_end(0, {"loss": 1.0})
        divergence.on_epoch_end(epoch, {})
    divergence.on_epoch_begin(2)
    with pytest.raises(TrainingDiverged, match=r"^The loss is NaN in epoch 3, batch 1: "):
        divergence.on_train_batch_end(0, {"loss": NAN})


def recorded(tmp_path, logs, **options):
    record = Record(Run(tmp_path), **options)
    iterations = types.SimpleNamespace(value=keras.ops.convert_to_tensor(7))
    record.set_model(types.SimpleNamespace(optimizer=types.SimpleNamespace(iterations=iterations)))
    record.on_epoch_end(0, logs)
    return record.lines


def test_a_score_that_is_no_number_is_null_in_the_record(tmp_path):
    def strictly(text):
        raise AssertionError(f"{text} is no JSON")

    lines = recorded(tmp_path, {"loss": 0.5, "val_pearson": NAN, "val_odds": INFINITE})
    assert lines == [{"epoch": 1, "step": 7, "loss": 0.5, "val_pearson": None, "val_odds": None}]
    text = (tmp_path / "metrics.jsonl").read_text()
    assert [json.loads(line, parse_constant=strictly) for line in text.splitlines()] == lines


def test_only_the_chief_records(tmp_path):
    assert recorded(tmp_path, {"loss": 0.5}, chief=False) == [{"epoch": 1, "step": 7, "loss": 0.5}]
    assert list(tmp_path.iterdir()) == []


def test_the_clock_counts_training_alone(monkeypatch):
    now = iter([10.0, 14.0, 99.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(now))
    clock = Clock()
    clock.set_model(types.SimpleNamespace(optimizer=types.SimpleNamespace(learning_rate=0.5)))
    clock.on_epoch_begin(0)
    clock.on_test_begin()
    logs = {"tokens": 200.0, "val_tokens": 7.0, "loss": 1.0}
    clock.on_epoch_end(0, logs)
    assert logs == {"loss": 1.0, "tokens_per_second": 50.0, "seconds": 4.0, "learning_rate": 0.5}


def test_the_record_is_one_line_an_epoch(trained):
    lines = [json.loads(line) for line in trained.metrics_file.read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert lines[1]["step"] == 2 * lines[0]["step"]
    names = "loss val_loss val_exact_match tokens_per_second seconds val_seconds learning_rate".split()
    assert set(lines[0]) == {"epoch", "step", *names}


def test_tensorboard_reads_the_record(trained):
    import tensorflow as tf

    found = {}
    for path in trained.tensorboard_folder.glob("events.*"):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                assert value.metadata.plugin_data.plugin_name in ("scalars", "")
                found.setdefault(value.tag, []).append((event.step, float(tf.make_ndarray(value.tensor))))
    for name in ("loss", "val_exact_match", "learning_rate"):
        wanted = [(line["step"], line[name]) for line in trained.history]
        for (step, value), (other, number) in zip(found[name], wanted, strict=True):
            assert (step, value) == (other, pytest.approx(number, rel=1e-6))


def test_a_record_that_cannot_be_written_is_an_error_with_its_path(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError) as raised:
        Record(Run(tmp_path / "file"))
    assert str(raised.value) == f"{tmp_path}/file/tensorboard cannot be written: {tmp_path}/file is not a directory."


def test_the_closing_table_shows_epochs_and_the_final_scores(capsys):
    from rich.console import Console

    history = [{"epoch": 1, "loss": 2.5, "val_bleu": 31.25, "seconds": 9.0}]
    Console(width=99).print(ClosingTable(history, {"val_bleu": 33.5}, "mine"))
    shown = capsys.readouterr().out
    for text in ("mine", "val BLEU", "2.500", "31.25", "33.50", "final"):
        assert text in shown


def test_the_closing_table_fits_80_columns(capsys):
    from rich.console import Console

    own = ("mlm_accuracy", "mlm_loss", "nsp_accuracy", "mlm_perplexity")
    line = {"epoch": 10, "loss": 4.25, "val_loss": 5.125, "tokens_per_second": 29_000.0, "seconds": 15.25}
    line |= {name: 101.0 + number for number, name in enumerate(own)}
    line |= {f"val_{name}": 201.0 + number for number, name in enumerate(own)}
    Console(width=80).print(ClosingTable([line], {"val_mlm_loss": 3.5}, "mine"))
    shown = capsys.readouterr().out
    assert "…" not in shown
    for text in ("perplexity", "4.250", "5.125", "201.00", "202.00", "203.00", "204.00", "3.50", "15.2"):
        assert text in shown
    assert "101.00" not in shown


def test_the_closing_table_shows_nothing_where_there_was_no_number(capsys):
    from rich.console import Console

    history = [{"epoch": 1, "val_pearson": None}, {"epoch": 2, "val_pearson": 32.0}]
    Console(width=80).print(ClosingTable(history, {}, "mine"))
    rows = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert [row for row in rows if row[:1] in (["1"], ["2"])] == [["1"], ["2", "32.00"]]


def test_a_tasks_own_numbers_are_shown_before_the_speed():
    logs = {"loss": 1.0, "accuracy": 50.0, "val_accuracy": 25.0, "seconds": 9.0, "val_seconds": 2.0}
    shown = {name: title for name, (title, _) in columns_of(logs).items()}
    assert list(shown) == ["loss", "accuracy", "val_accuracy", "seconds"]
    assert shown["val_accuracy"] == "val accuracy"


def test_the_closing_table_after_resuming_with_another_metric(capsys):
    from rich.console import Console

    history = [{"epoch": 1, "val_f1": 31.0}, {"epoch": 2, "val_f1": 32.0, "val_accuracy": 33.0}]
    Console(width=80).print(ClosingTable(history, {}, "mine"))
    rows = capsys.readouterr().out.splitlines()
    assert [row.split() for row in rows if "3" in row] == [["1", "31.00"], ["2", "32.00", "33.00"]]


SQUAD2 = [f"{kind}{name}" for kind in ("", "HasAns_", "NoAns_") for name in ("exact", "f1", "total")]
SQUAD2 += [f"best_{name}{end}" for name in ("exact", "f1") for end in ("", "_threshold")]


@pytest.mark.parametrize("width", [24, 40, 60, 80, 200, None], ids=lambda width: str(width or "pipe"))
@pytest.mark.parametrize("own", [SQUAD2, ["x" * 120, "[red]", ":smile:", "y"]], ids=["squad2", "awkward"])
def test_the_closing_table_is_legible_on_any_terminal_and_in_a_pipe(monkeypatch, width, own):
    import io

    from rich.console import Console

    monkeypatch.delenv("COLUMNS", raising=False)
    line = {"loss": 1.5, "val_loss": 2.5, "seconds": 9.25, **{f"val_{name}": 100.25 + i for i, name in enumerate(own)}}
    history = [{"epoch": epoch, **line} for epoch in (7, 8)]
    stream = io.StringIO()
    options = {} if width is None else {"width": width, "force_terminal": True, "color_system": None}
    final = {f"val_{name}": 300.25 + i for i, name in enumerate(own)}
    Console(file=stream, **options).print(ClosingTable(history, {**final, "val_signature": "text"}, "a [red] :smile:"))
    shown = stream.getvalue()
    assert max(map(len, shown.splitlines())) <= (width or 80)
    assert "…" not in shown
    assert "a [red] :smile:" in shown
    cells = shown.split()
    for i, name in enumerate(own):
        assert cells.count(f"{100.25 + i:.2f}") == 2, name
        assert cells.count(f"{300.25 + i:.2f}") == 1, name
        for word in name.split("_") if len(name) < 99 else ():
            assert word in cells
    assert shown.count("x") >= own[0].count("x")
    for row in shown.splitlines():
        assert not row.strip() or row.split()[0] not in ("7", "8") or len(row.split()) > 1


def test_an_epochs_line_is_one_line_in_a_pipe_and_takes_names_as_they_are(capsys):
    import keras
    from rich.console import Console

    progress = LiveProgress(3, 5, Console(stderr=True))
    progress.set_model(keras.Model())
    progress.on_epoch_begin(0)
    progress.on_epoch_end(0, {"loss": 1.5, "seconds": 2.0, **{f"[red]{name} :smile:": 7.0 for name in SQUAD2}})
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("epoch 1/3  loss 1.500  [red]exact :smile: 7.00  [red]f1 :smile: 7.00")
