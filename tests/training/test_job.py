"""The pipeline as a whole: what it settles and says, and whom it calls."""

import keras

import keras_transformers as kt
from keras_transformers.api.train import train
from keras_transformers.registry import local
from keras_transformers.signature import TrainingSteps


class Mine(keras.callbacks.Callback):
    """Adds a number to the logs of an epoch, and stops after the second."""

    seen = None

    def on_epoch_end(self, epoch, logs=None):
        self.seen = set(logs)
        logs["mine"] = 7.5 + epoch
        self.model.stop_training = epoch == 1


def test_callbacks_and_a_schedule_of_ones_own(tiny, tmp_path, monkeypatch):
    """The callback sees the scores, is recorded and may stop; the schedule is made once, when the updates are known."""
    monkeypatch.setattr(local, "_registered", dict(local._registered))
    made = []

    @kt.register("schedule", "strict")
    class Strict(keras.optimizers.schedules.LearningRateSchedule):
        """A rate that falls as the training has updates.

        Args:
            steps: Updates in all.
        """

        def __init__(self, steps: TrainingSteps | None = None):
            if steps < 1:
                raise ValueError(f"`steps` must be at least 1, but is {steps}.")
            made.append(steps)
            self.steps = steps

        def __call__(self, step):
            return 0.01 / self.steps

        def get_config(self):
            return {"steps": self.steps}

    mine = Mine()
    recipe = {key: value for key, value in tiny.items() if not key.startswith("training.schedule")}
    recipe |= {"training.schedule": "strict", "training.epochs": 5}
    run = train("dates", tmp_path / "run", recipe, callbacks=[mine])
    assert made == [5 * run.history[0]["step"]]
    assert [(line["epoch"], line["mine"]) for line in run.history] == [(1, 7.5), (2, 8.5)]
    assert {"loss", "val_loss", "val_exact_match", "tokens_per_second"} <= mine.seen
    assert run.report["weights"] == "mean of the last 2 epochs"


def test_what_is_larger_than_there_is_is_taken_as_far_as_it_goes_and_told(quick, tmp_path, capsys):
    large = {"training.average_last": 5, "training.patience": 7, "training.schedule.warmup": 1009}
    large |= {"tokenizer.vocab_size": 997, "training.precision": "auto"}
    folders = []
    run = train("dates", tmp_path / "run", {**quick, **large, "training.epochs": 1}, log=folders.append)
    err = " ".join(capsys.readouterr().err.split())
    tree, pieces = run.recipe.tree, run.tokenizer().size
    assert pieces < 997
    updates = run.history[-1]["step"]
    for note in (
        "`training.average_last` is 5, but `training.epochs` is 1: all are averaged.",
        "`training.patience` is 7, but `training.epochs` is 1: nothing ends it early.",
        f"`tokenizer.vocab_size` is 997, but the training text gives no more than {pieces} pieces: it has these.",
        f"The learning rate of `schedule/warmup_cosine` rises to the end of the training, {updates} updates, "
        "where it is",
        f"`training.precision` is {tree['training']['precision']}: here a product takes ",
    ):
        assert f"note {note}" in err
    assert run.report["weights"] == "epoch 1, the last"
    # What was asked for stays in the recipe: resumed with more epochs, it holds again.
    assert (tree["training"]["average_last"], tree["tokenizer"]["vocab_size"]) == (5, 997)
    assert tree["training"]["precision"] in ("float32", "mixed_bfloat16")
    assert tree["model"]["vocab_size"] == pieces
    assert folders == [run.path]
