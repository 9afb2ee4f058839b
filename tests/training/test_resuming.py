import math
import tarfile
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_transformers.api.train import train
from keras_transformers.errors import RunError, TrainingInterrupted
from keras_transformers.runs.run import Run
from keras_transformers.training import resuming
from keras_transformers.training.checkpoints import Place, Saved
from keras_transformers.training.fingerprint import Fingerprint
from keras_transformers.training.resuming import Start, spans, starting_place, updates_in_all

NOW = Fingerprint("text", "plan", "valid", 4000, 201, 64, 32, 0)
EARLIER = "The run is of an earlier version, which noted nothing of its data: that they are alike is not checked."
FROZEN = Path(__file__).parent.parent / "frozen"


def start(monkeypatch, states, epochs=5, changed=False, now=NOW):
    """Return where a run with these states goes on: pairs of place and fingerprint, the furthest first."""
    saved = [Saved(f"ckpt-{i}", place, known and known.write()) for i, (place, known) in enumerate(states)]
    monkeypatch.setattr(resuming, "saved_states", lambda folder: saved)
    return starting_place(Run("run"), now, epochs, changed)


def told(start):
    return start.place, start.saved and start.saved.path, start.notes


def test_without_a_state_it_begins(monkeypatch):
    assert start(monkeypatch, []) == Start()


@pytest.mark.parametrize("place", [Place(2, 0, 402), Place(2, 7, 409)])
def test_the_same_batches_go_on_without_a_word(monkeypatch, place):
    assert told(start(monkeypatch, [(place, NOW)])) == (place, "ckpt-0", ())


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ({"plan": "p", "batch_tokens": 40}, "`data.batch_tokens` was 40 and is 64"),
        (
            {"plan": "p", "seed": 7, "batch_tokens": 40},
            "`data.batch_tokens` was 40 and is 64 and `seed` was 7 and is 0",
        ),
        ({"text": "t", "plan": "p", "max_length": 16}, "`data.max_length` was 16 and is 32"),
        ({"text": "t"}, "the training text has other examples"),
        ({"text": "t", "examples": 100}, "the training text has other examples: 100 then, 4,000 now"),
        ({"plan": "p"}, "they are made otherwise of the same examples"),
    ],
)
def test_other_batches_begin_with_an_epoch(monkeypatch, before, why):
    before = replace(NOW, **before)
    middle, whole = (Place(2, 7, 409), before), (Place(2, 0, 402), before)
    assert told(start(monkeypatch, [whole])) == (whole[0], "ckpt-0", (f"From epoch 3 on, batches are others: {why}.",))
    note = f"Epoch 3 begins anew, as it first did: it was interrupted after 7 batches, which are others now: {why}."
    assert told(start(monkeypatch, [middle, whole])) == (whole[0], "ckpt-1", (note,))
    first = (Place(0, 7, 7), before)
    assert told(start(monkeypatch, [first])) == (Place(), None, (note.replace("Epoch 3", "Epoch 1"),))


def test_scores_on_another_validation_text_do_not_compare(monkeypatch):
    state = (Place(2, 7, 409), replace(NOW, valid="v"))
    note = "The validation text is another: scores from epoch 3 on do not compare with those before."
    assert told(start(monkeypatch, [state])) == (Place(2, 7, 409), "ckpt-0", (note,))
    assert start(monkeypatch, [(Place(0, 7, 7), replace(NOW, valid="v"))]).notes == ()


def test_what_is_done_is_not_done_again(monkeypatch):
    middle, whole = (Place(2, 7, 409), NOW), (Place(2, 0, 402), NOW)
    note = "2 epochs are done, and `training.epochs` is 2: nothing is left to train."
    assert told(start(monkeypatch, [middle, whole], epochs=2)) == (whole[0], "ckpt-1", (note,))


@pytest.mark.parametrize("place", [Place(2, 0, 402), Place(2, 7, 409)])
def test_a_run_of_an_earlier_version_goes_on_unchecked(monkeypatch, place):
    assert told(start(monkeypatch, [(place, None)])) == (place, "ckpt-0", (EARLIER,))


@pytest.mark.parametrize("how", ["recipe", "fewer batches"])
def test_a_run_of_an_earlier_version_is_refused_in_the_middle_of_other_batches(monkeypatch, how):
    changes = {"changed": True} if how == "recipe" else {"now": replace(NOW, batches=7)}
    with pytest.raises(RunError) as raised:
        start(monkeypatch, [(Place(2, 7, 409), None)], **changes)
    assert str(raised.value) == (
        "run was interrupted in epoch 3, after 7 batches, and cannot go on with others (they are not what they were), "
        "for it holds no state of that epoch's beginning: put the text and the section `data` back, or train anew with "
        "--overwrite."
    )


def test_a_fingerprint_of_another_version_is_none():
    assert Fingerprint.read(NOW.write()) == NOW
    for text in (None, "", "{}", "[]", "x", NOW.write().replace('"seed"', '"seeds"')):
        assert Fingerprint.read(text) is None


def test_updates_in_all():
    assert updates_in_all(Place(), 3, 201) == 603
    assert updates_in_all(Place(1, 7, 208), 3, 201) == 603
    assert updates_in_all(Place(1, 0, 201), 3, 320) == 201 + 640
    assert updates_in_all(Place(3, 0, 603), 2, 201) == 603


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ((0, 5, 0), [(0, 5, 0)]),
        ((2, 5, 7), [(2, 3, 7), (3, 5, 0)]),
        ((4, 5, 7), [(4, 5, 7)]),
        ((5, 5, 0), []),
    ],
)
def test_spans(place, wanted):
    assert spans(*place) == wanted


def said(capsys):
    return " ".join(capsys.readouterr().err.split())


def same_weights(one, two):
    for ours, theirs in zip(one.model().get_weights(), two.model().get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_first_epoch_anew_is_as_if_it_had_not_begun(quick, tmp_path, interrupt_at, capsys):
    one = {**quick, "training.epochs": 1}
    interrupt_at(3)
    with pytest.raises(TrainingInterrupted):
        train("dates", tmp_path / "run", one)
    interrupt_at(None)
    assert [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()] == ["interrupted"]
    capsys.readouterr()
    resumed = train("dates", tmp_path / "run", {"data.batch_tokens": 512}, resume=True)
    assert (
        "note Epoch 1 begins anew, as it first did: it was interrupted after 3 batches, which are others now: "
        "`data.batch_tokens` was 1024 and is 512." in said(capsys)
    )
    same_weights(resumed, train("dates", tmp_path / "fresh", {**one, "data.batch_tokens": 512}))


@pytest.mark.long
def test_a_later_epoch_anew_is_as_if_it_had_not_begun(quick, trained, tmp_path, interrupt_at, capsys):
    batches = trained.history[0]["step"]
    runs = []
    for name, step in (("whole", batches), ("middle", batches + 2)):
        interrupt_at(step)
        with pytest.raises(TrainingInterrupted):
            train("dates", tmp_path / name, quick)
        interrupt_at(None)
        capsys.readouterr()
        runs.append(train("dates", tmp_path / name, {"data.batch_tokens": 512}, resume=True))
        note = {"whole": "From epoch 2 on, batches are others:", "middle": "Epoch 2 begins anew, as it first did:"}[
            name
        ]
        assert note in said(capsys)
    same_weights(*runs)
    assert sorted(path.name for path in runs[1].checkpoint_folder.iterdir()) == ["best", "epochs", "last"]
    first, second = runs[1].history
    assert second["step"] > 2 * first["step"]


class Exhausted(keras.callbacks.Callback):
    """Memory that does not suffice for the second epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")


def test_what_to_do_where_memory_does_not_suffice_works(quick, tmp_path, capsys):
    with pytest.raises(RunError) as raised:
        train("dates", tmp_path / "run", quick, callbacks=[Exhausted()])
    command = f"keras-transformers train {tmp_path}/run/recipe.yaml --run {tmp_path}/run --resume"
    assert str(raised.value) == (
        f"Memory is exhausted: lower `data.batch_tokens` (1024) with {command} --set data.batch_tokens=N"
    )
    capsys.readouterr()
    run = train("dates", tmp_path / "run", {"data.batch_tokens": 512}, resume=True)
    assert "From epoch 2 on, batches are others: `data.batch_tokens` was 1024 and is 512." in said(capsys)
    assert [line["epoch"] for line in run.history] == [1, 2]
    assert all(math.isfinite(line["loss"]) for line in run.history)


def test_an_interrupted_run_of_the_first_version(tmp_path, capsys):
    with tarfile.open(FROZEN / "interrupted.tar.gz") as archive:
        archive.extractall(tmp_path / "run", filter="data")
    with pytest.raises(RunError) as raised:
        train(tmp_path / "run" / "recipe.yaml", tmp_path / "run", {"data.batch_tokens": 512}, resume=True)
    assert str(raised.value) == (
        f"{tmp_path}/run was interrupted in epoch 2, after 7 batches, and cannot go on with others (they are not what "
        "they were), for it holds no state of that epoch's beginning: put the text and the section `data` back, or "
        "train anew with --overwrite."
    )
    capsys.readouterr()
    run = train(tmp_path / "run" / "recipe.yaml", tmp_path / "run", resume=True)
    assert f"note {EARLIER}" in said(capsys)
    assert [line["epoch"] for line in run.history] == [1, 2, 3]
