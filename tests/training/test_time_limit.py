import keras_transformers.training.time_limit as module
from keras_transformers.api.train import train


def test_the_training_ends_before_an_epoch_that_would_take_too_long(quick, tmp_path, monkeypatch):
    """By a clock that goes on 50 s whenever it is asked, each epoch takes 50 s, and 50 s pass between two."""
    seconds = iter(range(0, 10_000, 50))
    monkeypatch.setattr(module.time, "monotonic", lambda: next(seconds))
    limited = {**quick, "training.epochs": 9, "training.callbacks": [{"type": "time_limit", "minutes": 5.5}]}
    run = train("dates", tmp_path / "run", limited)
    assert [line["epoch"] for line in run.history] == [1, 2, 3]  # ending at 100, 200, 300 s
    assert run.model_file.is_file()
    assert run.report["weights"] == "mean of the last 2 epochs"
