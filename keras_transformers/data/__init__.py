"""Sources of training text (slot `source`): each has `.read(root)`, which gives `Pairs` or the like."""

from .conll import Conll
from .dates import Dates
from .document_files import DocumentFiles
from .documents import Documents
from .json_lines import JsonLines
from .labelled import Labelled
from .labelled_lines import LabelledLines
from .pairs import Pairs
from .parallel_text import ParallelText
from .python_docs import PythonDocs
from .python_packages import PythonPackages
from .questions import Questions
from .squad import Squad
from .table import Table
from .tagged import Tagged

__all__ = [
    "Conll", "Dates", "DocumentFiles", "Documents", "JsonLines", "Labelled", "LabelledLines", "Pairs",
    "ParallelText", "PythonDocs", "PythonPackages", "Questions", "Squad", "Table", "Tagged",
]  # fmt: skip
