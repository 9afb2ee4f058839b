import keras
import numpy as np
import pytest
from awkward_paths import NAMES

from keras_transformers.errors import RunError
from keras_transformers.training.checkpoints import Checkpoints, Place, saved_states


def parts(width=3):
    """Return a model with a seed, as dropout has, and its optimizer."""
    inputs = keras.Input((width,))
    model = keras.Model(inputs, keras.layers.Dropout(0.5, seed=3)(keras.layers.Dense(2)(inputs)))
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    return model, optimizer


def fill(model, value):
    for variable in model.variables:
        variable.assign(keras.ops.full(variable.shape, value, variable.dtype))


def values(model):
    return [float(np.mean(variable.numpy())) for variable in model.trainable_variables]


def test_the_last_state_comes_back_whole(tmp_path):
    model, optimizer = parts()
    fill(model, 5)
    optimizer.iterations.assign(11)
    Checkpoints(tmp_path, model, optimizer, average=1).save_last(2, 7)
    other, fresh = parts()
    (saved,) = saved_states(tmp_path)
    assert saved.place == Place(2, 7, 11)
    Checkpoints(tmp_path, other, fresh, average=1).restore(saved)
    for one, two in zip(model.variables + optimizer.variables, other.variables + fresh.variables):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_nothing_saved_is_the_beginning(tmp_path):
    assert saved_states(tmp_path) == []


def test_only_the_last_state_is_kept(tmp_path):
    checkpoints = Checkpoints(tmp_path, *parts(), average=1)
    for epoch in (1, 2, 3):
        checkpoints.save_last(epoch)
    assert len(list((tmp_path / "last").glob("*.index"))) == 1


def test_the_average_is_that_of_the_last_epochs_of_two_processes(tmp_path):
    model, optimizer = parts()
    checkpoints = Checkpoints(tmp_path, model, optimizer, average=2)
    for epoch, value in ((1, 100), (2, 1)):
        fill(model, value)
        checkpoints.save_epoch(epoch, best=False)
    resumed = Checkpoints(tmp_path, model, optimizer, average=2)
    fill(model, 4)
    resumed.save_epoch(3, best=False)
    assert resumed.load_average() == 2
    assert values(model) == [2.5, 2.5]


def test_the_best_is_kept(tmp_path):
    model, optimizer = parts()
    checkpoints = Checkpoints(tmp_path, model, optimizer, average=1)
    for epoch, best in ((1, True), (2, True), (3, False)):
        fill(model, epoch)
        checkpoints.save_epoch(epoch, best)
    checkpoints.load_best()
    assert values(model) == [2, 2]


def test_the_state_of_another_model_is_refused(tmp_path):
    Checkpoints(tmp_path, *parts(), average=1).save_last(1)
    with pytest.raises(RunError, match=r"does not hold this recipe's state .*must be the one that the run began with"):
        Checkpoints(tmp_path, *parts(width=4), average=1).restore(*saved_states(tmp_path))


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    checkpoints = Checkpoints(tmp_path / "checkpoints", *parts(), average=1)
    (tmp_path / "checkpoints").write_text("a file stands in the way")
    with pytest.raises(RunError, match=f"^{tmp_path}/checkpoints/last cannot be written: "):
        checkpoints.save_last(1)


@pytest.mark.parametrize("name", NAMES[:4])
def test_a_run_of_any_name_is_kept_and_no_other_is_touched(tmp_path, name):
    model, optimizer = parts()
    neighbours = [Checkpoints(tmp_path / other, model, optimizer, average=1) for other in ("exp1", "ab", "q1", "r")]
    for neighbour in neighbours:
        neighbour.save_last(5)
        neighbour.save_epoch(5, best=True)
    before = sorted(path for path in tmp_path.rglob("*"))
    checkpoints = Checkpoints(tmp_path / name, model, optimizer, average=2)
    for epoch, value in ((1, 100), (2, 1), (3, 4)):
        fill(model, value)
        checkpoints.save_epoch(epoch, best=epoch == 2)
        checkpoints.save_last(epoch)
    checkpoints.save_last(3, batch=7)
    assert before == sorted(path for path in tmp_path.rglob("*") if tmp_path / name not in (path, *path.parents))
    counts = [len(list((tmp_path / name / part).glob("*.index"))) for part in ("last", "interrupted", "best", "epochs")]
    assert counts == [1, 1, 1, 2]
    other, fresh = parts()
    resumed = Checkpoints(tmp_path / name, other, fresh, average=2)
    states = saved_states(tmp_path / name)
    assert [saved.place for saved in states] == [Place(3, 7), Place(3)]
    resumed.restore(states[0])
    assert values(other) == [4, 4]
    resumed.load_best()
    assert values(other) == [1, 1]
    assert resumed.load_average() == 2
    assert values(other) == [2.5, 2.5]


def test_what_is_kept_is_said(tmp_path):
    checkpoints = Checkpoints(tmp_path, *parts(), average=1)
    assert checkpoints.kept == "no checkpoint was saved yet"
    checkpoints.save_last(2)
    assert checkpoints.kept == "the checkpoint after epoch 2 is kept"
    checkpoints.save_last(2, 7)
    resumed = Checkpoints(tmp_path, *parts(), average=1)
    resumed.restore(saved_states(tmp_path)[0])
    assert checkpoints.kept == resumed.kept == "the checkpoint after batch 7 of epoch 3 is kept"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_noticed(tmp_path, value):
    model, optimizer = parts()
    checkpoints = Checkpoints(tmp_path, model, optimizer, average=1)
    assert checkpoints.are_numbers
    kernel = model.trainable_variables[0]
    kernel.assign(np.where(np.arange(6).reshape(3, 2) == 4, value, kernel.numpy()))
    assert not checkpoints.are_numbers


def test_all_workers_save_and_read_but_the_chief_alone_writes(tmp_path):
    model, optimizer = parts()
    other = Checkpoints(tmp_path / "run", model, optimizer, average=2, chief=False)
    fill(model, 5)
    other.save_last(1)
    other.save_epoch(1, best=True)
    assert not (tmp_path / "run").exists()
    chief = Checkpoints(tmp_path / "run", model, optimizer, average=2)
    chief.save_last(3)
    chief.save_epoch(3, best=True)
    fill(model, 7)
    (saved,) = saved_states(tmp_path / "run")
    for load in (lambda: other.restore(saved), other.load_best, other.load_average):
        fill(model, 7)
        load()
        assert values(model) == [5, 5]
    other.save_last(3, batch=7)
    other.save_last(4)
    assert saved_states(tmp_path / "run") == [saved]
