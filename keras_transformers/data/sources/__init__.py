"""Sources of training text (slot `source`): each has `.read(root)`, which gives `Pairs` or the like."""

from .conll import Conll
from .dates import Dates
from .document_files import DocumentFiles
from .json_lines import JsonLines
from .labelled_lines import LabelledLines
from .parallel_text import ParallelText
from .python_docs import PythonDocs
from .python_packages import PythonPackages
from .squad import Squad
from .table import Table

__all__ = [
    "Conll", "Dates", "DocumentFiles", "JsonLines", "LabelledLines", "ParallelText", "PythonDocs",
    "PythonPackages", "Squad", "Table",
]  # fmt: skip
