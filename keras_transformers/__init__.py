"""Keras Transformers: models assembled from registered layers through YAML recipes.

    import keras_transformers as kt

    model = kt.build("transformer_tiny")     # a keras.Model
    run = kt.train("dates", "runs/dates")

Each name is imported when it is first used: `import keras_transformers` loads neither Keras nor
TensorFlow.
"""

import importlib
import sys
import types
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import errors, layers
    from .api.attend import attend
    from .api.build import build
    from .api.complete import complete
    from .api.datasets import datasets
    from .api.embed import embed
    from .api.evaluate import evaluate
    from .api.export import export
    from .api.import_checkpoint import import_checkpoint
    from .api.predict import predict
    from .api.score import score
    from .api.train import train
    from .recipe import load as load_recipe
    from .registry import describe, names, register, resolve, slots
    from .runs import load_run
    from .runs.ensemble import ensemble

__version__ = "0.1.0"

_MODULES = ("errors", "layers")
_FUNCTIONS = {
    "attend": "api.attend:attend",
    "build": "api.build:build",
    "complete": "api.complete:complete",
    "datasets": "api.datasets:datasets",
    "describe": "registry:describe",
    "embed": "api.embed:embed",
    "ensemble": "runs.ensemble:ensemble",
    "evaluate": "api.evaluate:evaluate",
    "export": "api.export:export",
    "import_checkpoint": "api.import_checkpoint:import_checkpoint",
    "load_recipe": "recipe:load",
    "load_run": "runs:load_run",
    "names": "registry:names",
    "predict": "api.predict:predict",
    "register": "registry:register",
    "resolve": "registry:resolve",
    "score": "api.score:score",
    "slots": "registry:slots",
    "train": "api.train:train",
}

__all__ = [
    "attend", "build", "complete", "datasets", "describe", "embed", "ensemble", "errors", "evaluate", "export",
    "import_checkpoint", "layers", "load_recipe", "load_run", "names", "predict", "register", "resolve", "score",
    "slots", "train",
]  # fmt: skip


class _Package(types.ModuleType):
    """The package, in which a function keeps its name though a submodule has the same one."""

    def __setattr__(self, name, value):
        if name in _FUNCTIONS and isinstance(value, types.ModuleType):
            return  # the import system binds each submodule; `kt.export` stays the function
        super().__setattr__(name, value)


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _FUNCTIONS:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    module, _, attribute = _FUNCTIONS[name].partition(":")
    value = getattr(importlib.import_module(f".{module}", __name__), attribute)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})


sys.modules[__name__].__class__ = _Package
