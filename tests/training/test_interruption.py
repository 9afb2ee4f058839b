import shlex
import signal

import numpy as np
import pytest

from keras_transformers.api.train import train
from keras_transformers.cli import parser as cli
from keras_transformers.errors import RunError, TrainingInterrupted
from keras_transformers.runs.run import load_run


@pytest.fixture(scope="module")
def batches(trained):
    """Updates in an epoch of the tiny recipe."""
    return trained.history[0]["step"]


def weights(run):
    return run.model().get_weights()


def lines(run):
    """Return the lines of metrics.jsonl without what a clock says."""
    timed = ("seconds", "val_seconds", "tokens_per_second")
    return [{name: value for name, value in line.items() if name not in timed} for line in run.history]


def interrupted(recipe, folder, **options):
    with pytest.raises(TrainingInterrupted) as raised:
        train("dates", folder, recipe, **options)
    return str(raised.value)


def test_the_same_seed_gives_the_same_weights(tiny, trained, tmp_path):
    again = train("dates", tmp_path / "run", tiny)
    for first, second in zip(weights(trained), weights(again), strict=True):
        np.testing.assert_array_equal(first, second)
    assert lines(again) == lines(trained)


def test_another_seed_gives_other_weights(quick, trained, tmp_path):
    other = train("dates", tmp_path / "run", {**quick, "seed": 1})
    assert any(not np.array_equal(first, second) for first, second in zip(weights(trained), weights(other)))


def test_interrupted_in_an_epoch_and_resumed(tiny, trained, batches, tmp_path, interrupt_at):
    interrupt_at(batches + 2)
    interrupted(tiny, tmp_path / "run")
    interrupt_at(None)
    resumed = train("dates", tmp_path / "run", resume=True)
    for whole, halves in zip(weights(trained), weights(resumed), strict=True):
        np.testing.assert_array_equal(whole, halves)
    assert [line["epoch"] for line in resumed.history] == [1, 2]
    assert resumed.history[-1]["val_loss"] == trained.history[-1]["val_loss"]
    assert resumed.report["valid"] == trained.report["valid"]


def test_interrupted_at_the_end_of_an_epoch_and_resumed(quick, trained, batches, tmp_path, interrupt_at):
    interrupt_at(batches)
    interrupted(quick, tmp_path / "run")
    interrupt_at(None)
    resumed = train("dates", tmp_path / "run", resume=True)
    for whole, halves in zip(weights(trained), weights(resumed), strict=True):
        np.testing.assert_array_equal(whole, halves)


def test_interrupted_twice_in_one_epoch_and_resumed(quick, trained, tmp_path, interrupt_at):
    interrupt_at(3)
    interrupted(quick, tmp_path / "run")
    interrupt_at(6, signal.SIGTERM)
    interrupted({}, tmp_path / "run", resume=True)
    interrupt_at(None)
    resumed = train("dates", tmp_path / "run", resume=True)
    for whole, thirds in zip(weights(trained), weights(resumed), strict=True):
        np.testing.assert_array_equal(whole, thirds)


def test_the_sentence_says_where_it_stopped_and_its_command_goes_on(quick, batches, tmp_path, interrupt_at, capsys):
    interrupt_at(batches + 1)
    folder = tmp_path / "a run"
    sentence = interrupted(quick, folder)
    says, command = sentence.split(" Go on with: ")
    assert says == "Interrupted in epoch 2; the checkpoint is kept."
    assert command == f"keras-transformers train '{folder}/recipe.yaml' --run '{folder}' --resume"
    interrupt_at(None)
    assert cli.main(shlex.split(command)[1:]) == 0
    assert "epoch 2, batch 2" in " ".join(capsys.readouterr().err.split())
    assert len(load_run(folder).history) == 2


def test_a_run_without_its_end_has_no_model(quick, tmp_path, interrupt_at):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    interrupt_at(1)
    interrupted(quick, tmp_path / "run")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    run = load_run(tmp_path / "run")
    assert run.report == {}
    assert run.history == []
    with pytest.raises(RunError, match=r"holds no model\.keras: training has not ended; go on with `keras-transf"):
        run.model()


def test_a_finished_run_can_be_resumed_and_given_more_epochs(quick, tmp_path):
    folder = tmp_path / "run"
    run = train("dates", folder, {**quick, "training.epochs": 1, "training.average_last": 1})
    before, text, history = weights(run), run.recipe_file.read_text(), run.history
    again = train("dates", folder, resume=True)
    assert (again.history, again.recipe_file.read_text()) == (history, text)
    for first, second in zip(before, weights(again), strict=True):
        np.testing.assert_array_equal(first, second)
    with pytest.raises(
        RunError, match=r"does not hold this recipe's state .*; the recipe must be the one that the run"
    ):
        train("dates", folder, {"model.dim": 32}, resume=True)
    assert run.recipe_file.read_text() == text
    longer = train("dates", folder, {"training.epochs": 2}, resume=True)
    assert [line["epoch"] for line in longer.history] == [1, 2]
    assert longer.recipe.tree["training"]["epochs"] == 2


def test_a_run_that_stopped_early_does_not_go_on(tiny, tmp_path, monkeypatch):
    from keras_transformers.metrics import text as metrics

    monkeypatch.setattr(metrics.ExactMatch, "__call__", lambda *_: {"exact_match": 50.0})
    tiny = {**tiny, "training.epochs": 5, "training.patience": 1, "training.average_last": 1}
    run = train("dates", tmp_path / "run", tiny)
    assert [line["epoch"] for line in run.history] == [1, 2]
    assert run.report["weights"] == "epoch 1, the best"
    again = train("dates", tmp_path / "run", resume=True)
    assert [line["epoch"] for line in again.history] == [1, 2]
