"""Reads the examples of a split and checks that their class fits the task."""

from typing import Any

from ..errors import DataError
from ..tasks.task import Task


def read_for(task: Task, source: Any, root: str | None, tree: dict[str, Any], split: str) -> Any:
    """Return the examples of `source`.

    Args:
        task: A `Task`.
        source: A component of the slot `source`.
        root: Folder that the source's relative paths start from, or None.
        tree: The resolved recipe, whose names are told.
        split: `train`, `valid` or `test`.

    Raises:
        DataError: The text cannot be read, or is of another kind than the task reads.
    """
    examples = source.read(root)
    if not isinstance(examples, task.reads):
        raise DataError(
            f"`task/{tree['task']['type']}` reads {task.reads.__name__}, but `source/{tree['data'][split]['type']}` "
            f"of `data.{split}` gives {type(examples).__name__}."
        )
    return examples
