"""From text to batches: sources give examples, which are encoded and batched by tokens."""

from .examples import Answer, Documents, Labelled, Pairs, Questions, Tagged
from .sources import (
    Conll,
    Dates,
    DocumentFiles,
    JsonLines,
    LabelledLines,
    ParallelText,
    PythonDocs,
    PythonPackages,
    Squad,
    Table,
)

__all__ = [
    "Answer", "Conll", "Dates", "DocumentFiles", "Documents", "JsonLines", "Labelled", "LabelledLines", "Pairs",
    "ParallelText", "PythonDocs", "PythonPackages", "Questions", "Squad", "Table", "Tagged",
]  # fmt: skip
