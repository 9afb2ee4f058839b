"""From text to batches: sources give examples, which are encoded and batched by tokens."""

from .examples import (
    Answer,
    Document,
    Documents,
    Labelled,
    LabelledText,
    Pair,
    Pairs,
    Question,
    Questions,
    Tagged,
    TaggedSentence,
)
from .sources import (
    Conll,
    Dates,
    DocumentFiles,
    FileSource,
    JsonLines,
    LabelledLines,
    ParallelText,
    PythonDocs,
    PythonPackages,
    Source,
    Squad,
    Table,
)

__all__ = [
    "Answer", "Conll", "Dates", "Document", "DocumentFiles", "Documents", "FileSource", "JsonLines", "Labelled",
    "LabelledLines", "LabelledText", "Pair", "Pairs", "ParallelText", "PythonDocs", "PythonPackages", "Question",
    "Questions", "Source", "Squad", "Table", "Tagged", "TaggedSentence",
]  # fmt: skip
