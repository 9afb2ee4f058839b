"""Sources of examples (slot `source`): each a `Source`, whose `read` gives `Pairs` or the like."""

from .conll import Conll
from .dates import Dates
from .document_files import DocumentFiles
from .json_lines import JsonLines
from .labelled_lines import LabelledLines
from .parallel_text import ParallelText
from .python_docs import PythonDocs
from .python_packages import PythonPackages
from .source import FileSource, Source
from .squad import Squad
from .table import Table

__all__ = [
    "Conll", "Dates", "DocumentFiles", "FileSource", "JsonLines", "LabelledLines", "ParallelText", "PythonDocs",
    "PythonPackages", "Source", "Squad", "Table",
]  # fmt: skip
