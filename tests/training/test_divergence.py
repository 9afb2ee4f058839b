"""A training whose loss is no number stops, keeps its last good checkpoint, and can be resumed."""

import json

import pytest

from keras_transformers.api.train import train
from keras_transformers.cli import parser as cli
from keras_transformers.errors import TrainingDiverged
from keras_transformers.runs.run import load_run


@pytest.fixture
def diverging(quick):
    """The tiny recipe, whose second epoch goes far astray."""
    schedule = {"type": "warmup_linear", "peak": 1e30, "warmup": 1}
    return {**quick, "training.schedule": schedule, "training.epochs": 3}


def test_it_stops_at_that_step_with_one_sentence(diverging, tmp_path, capsys):
    with pytest.raises(TrainingDiverged) as raised:
        train("dates", tmp_path / "run", diverging)
    what, command = str(raised.value).split(" go on with: ")
    assert what == (
        "The loss is NaN in epoch 1, batch 2: training has stopped, and no checkpoint was saved yet. Lower the "
        "learning rate (`training.schedule`) or clip the gradients to less (`training.optimizer.clip_norm`), with "
        "--set, and"
    )
    assert command == f"keras-transformers train {tmp_path}/run/recipe.yaml --run {tmp_path}/run --resume"
    run = load_run(tmp_path / "run")
    assert (run.history, run.report) == ([], {})

    assert cli.main([*command.split()[1:]]) == 2
    assert str(raised.value) in " ".join(capsys.readouterr().err.split())
    resumed = train("dates", tmp_path / "run", {"training.schedule.peak": 1e-3}, resume=True)
    assert [line["epoch"] for line in resumed.history] == [1, 2, 3]


def test_the_last_good_checkpoint_is_kept(quick, trained, tmp_path, monkeypatch):
    """The first epoch is as it was; in the second, weights that are no numbers appear."""
    from keras_transformers.training.trainer import TokenModel

    batches = trained.history[0]["step"]
    original = TokenModel.make_train_function

    def make_train_function(self, force=False):
        original(self, force)
        step = self.train_function

        def spoiled(iterator):
            logs = step(iterator)
            if int(self.optimizer.iterations) == batches + 3:
                kernel = self.trainable_variables[0]
                kernel.assign(kernel * float("nan"))
            return logs

        self.train_function = spoiled

    monkeypatch.setattr(TokenModel, "make_train_function", make_train_function)
    with pytest.raises(TrainingDiverged, match=r"^The loss is NaN in epoch 2, batch 4: .* after epoch 1 is kept\. "):
        train("dates", tmp_path / "run", quick)
    monkeypatch.undo()
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1]
    resumed = train("dates", tmp_path / "run", resume=True)
    assert [line["loss"] for line in resumed.history] == [line["loss"] for line in trained.history]
