import inspect
import pickle
import re

from keras_transformers import errors
from keras_transformers.errors import KerasTransformersError, Problem, RecipeError, did_you_mean


def drawn_parents(drawing):
    """Return {class: its parent} as a tree of lines draws them, each name indented below its parent's."""
    parents, above = {}, []
    for line in drawing.splitlines():
        found = re.match(r"^([ │├└─]*)([A-Z]\w*)", line)
        if found is None:
            continue
        above = [(depth, name) for depth, name in above if depth < len(found[1])]
        parents[found[2]] = above[-1][1] if above else None
        above.append((len(found[1]), found[2]))
    return parents


def test_the_tree_in_the_docstring_is_the_tree():
    classes = [one for _, one in inspect.getmembers(errors, inspect.isclass) if one.__module__ == errors.__name__]
    raised = {one.__name__: one for one in classes if issubclass(one, Exception)}
    tree = errors.__doc__[errors.__doc__.index("    Keras") :].split("\n\n")[0]
    wanted = {name: [base.__name__ for base in one.__bases__ if base is not Exception] for name, one in raised.items()}
    assert {name: [parent] if parent else [] for name, parent in drawn_parents(tree).items()} == wanted


def test_a_tree_that_is_drawn_wrongly_is_seen():
    tree = "    A\n    ├── B   of x\n    │   ├── C  and so\n    │   └── D\n    └── E"
    assert drawn_parents(tree) == {"A": None, "B": "A", "C": "B", "D": "B", "E": "A"}
    assert drawn_parents(tree.replace("│   └── D", "├── D    "))["D"] == "A"


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
