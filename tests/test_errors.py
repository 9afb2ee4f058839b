import inspect
import pickle

from keras_transformers import errors
from keras_transformers.errors import KerasTransformersError, Problem, RecipeError, did_you_mean


def test_the_tree_in_the_docstring_is_the_tree():
    classes = [one for _, one in inspect.getmembers(errors, inspect.isclass) if one.__module__ == errors.__name__]
    raised = {one.__name__: one for one in classes if issubclass(one, Exception)}
    drawn = {}
    for line in errors.__doc__.splitlines():
        words = line.replace("│", " ").replace("├──", " ").replace("└──", " ").split()
        if words and words[0] in raised:
            drawn[words[0]] = next(i for i, letter in enumerate(line) if letter.isalpha())
    assert drawn.keys() == raised.keys()
    depths = {name: len(one.__mro__) for name, one in raised.items()}
    assert sorted(drawn, key=drawn.get) == sorted(drawn, key=depths.get)


def test_exit_statuses():
    assert KerasTransformersError.exit_status == 2
    assert errors.TrainingInterrupted.exit_status == 130


def test_a_recipe_error_says_every_problem_on_a_line():
    first = Problem("`heads` must divide `dim` (512), but is 7.", "model.heads", "r.yaml", 3, 5)
    error = RecipeError([first, "Nothing else."])
    assert str(error) == "r.yaml:3:5: `model.heads`: `heads` must divide `dim` (512), but is 7.\nNothing else."
    assert error.problems == [first, Problem("Nothing else.")]
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


def test_did_you_mean():
    assert did_you_mean("mult_head", ["linear", "multi_head"]) == " Did you mean `multi_head`?"
    assert did_you_mean("rnn", ["linear", "multi_head"]) == ""


def test_the_first_line_of_what_others_say():
    assert errors.first_line(ValueError("\nit is broken\nfor reasons")) == "it is broken"
    assert errors.first_line(OSError()) == "OSError"
