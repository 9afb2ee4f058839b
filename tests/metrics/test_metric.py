import pytest

from keras_transformers import registry
from keras_transformers.errors import PluginError, RecipeError, RegistryError
from keras_transformers.metrics.correlation import Pearson, Spearman
from keras_transformers.metrics.entity_f1 import EntityF1
from keras_transformers.metrics.label import F1, Matthews
from keras_transformers.metrics.metric import Metric
from keras_transformers.metrics.squad import Prediction, SquadScore
from keras_transformers.metrics.text import Bleu, ExactMatch
from keras_transformers.tasks import Translation
from keras_transformers.tasks.task import Task

RIGHT = {
    "texts": ["one two three four", "five"],
    "labels": ["a", "b", "a"],
    "numbers": [1.0, 2.0, 4.0],
    "tags": [["B-x", "I-x", "O"], ["O"]],
    "answers": [["here", "there"], []],
}


@pytest.mark.parametrize("name", registry.names("metric"))
def test_every_metric_keeps_the_contract(name):
    """A model that is always right gets all, before training and after."""
    metric = registry.resolve("metric", name)()
    assert isinstance(metric, Metric)
    references = RIGHT[metric.scores]
    assert all(isinstance(note, str) for note in metric.check(references, "data.valid"))
    assert Metric.check(metric, references, "data.valid") == []
    assert metric(metric.perfect(references), references)[metric.name] == pytest.approx(100)
    assert metric.name == ("f1" if name == "squad" else name)


def test_all_that_a_task_gives_is_scored():
    gives = {registry.resolve("task", name).gives for name in registry.names("task")}
    assert {Task.gives, *gives} == {*RIGHT, "tokens"}  # of hidden tokens the loss is the score


class Misnamed(Metric):
    name, scores = "nearness", "texts"

    def __call__(self, outputs, references):
        return {"near": 1.0, "far": 0.0}


def test_a_metric_that_does_not_give_its_score():
    with pytest.raises(PluginError) as raised:
        Misnamed().check(["a"], "data.valid")
    assert str(raised.value) == "The metric `nearness` must return a score of this name, but returns near, far."


def test_a_metric_without_a_name():
    class Nameless:
        def __call__(self, outputs, references):
            return {}

    with pytest.raises(RecipeError) as raised:
        Translation(None, metrics=[Nameless()]).check_metrics()
    assert str(raised.value) == ("The metric Nameless must have a `name`, that of the score which stands for it.")


def test_what_cannot_be_called_is_not_registered():
    class Mute:
        name = "mute"

    with pytest.raises(RegistryError) as raised:
        registry.register("metric", "mute")(Mute)
    assert str(raised.value) == (
        "`metric/mute`: test_what_cannot_be_called_is_not_registered.<locals>.Mute must have `__call__`: what fills "
        "the slot `metric` keeps to keras_transformers.metrics.metric.Metric."
    )


def test_a_metric_without_a_call_cannot_be_made():
    class Silent(Metric):
        name, scores = "silent", "texts"

    with pytest.raises(TypeError, match="__call__"):
        Silent()


def test_what_a_perfect_answer_is():
    texts = [prediction.text for prediction in SquadScore().perfect(RIGHT["answers"])]
    assert texts == ["here", ""]


def test_each_answer_is_scored_alone():
    assert ExactMatch().each(["a", "b"], ["a", "c"]) == [100.0, 0.0]
    texts = ["one", "one two three four", "one two three four five"]
    right = [*texts[:2], "one two three four six"]
    assert Bleu().each(texts, right) == pytest.approx([100, 100, 66.87], abs=0.01)
    tags = [["B-PER", "I-PER", "O"], ["O", "O"], ["O", "O"], ["B-LOC", "B-PER"]]
    said = [["B-PER", "I-PER", "O"], ["O", "O"], ["O", "B-PER"], ["B-LOC", "O"]]
    assert EntityF1().each(said, tags) == pytest.approx([100, 100, 0, 200 / 3])
    answers = [Prediction("the cat", "", 0.0), Prediction("", "", 0.0), Prediction("dog", "", 0.0)]
    assert SquadScore().each(answers, [["a cat", "dog"], [], []]) == [100.0, 100.0, 0.0]
    for metric in (Pearson(), Spearman(), F1(), Matthews()):
        assert metric.each(["1", "2"], ["1", "2"]) is None
