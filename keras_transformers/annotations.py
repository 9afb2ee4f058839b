"""Names for what tensors and shapes are, in annotations: Keras and TensorFlow have no types of their own. Light."""

from typing import Any

Tensor = Any
"""Of the backend, NumPy's, or Keras's symbolic one."""

Layer = Any
"""A `keras.layers.Layer`."""

Shape = tuple[int | None, ...]
"""None where a size is not known before the call."""

Cache = Any
"""What an attention keeps of the steps before: a nested structure of tensors (layers/cache.py)."""

Timeline = dict[str, Tensor]
"""Where in time the entries of caches stand (layers/timeline.py)."""

State = dict[str, Any]
"""What decoding knows of the steps before: a nested structure of tensors."""

Config = dict[str, Any]
"""What `get_config` returns, and `from_config` takes."""

Logs = Any
"""What Keras tells a callback: numbers by name. Its methods have them None by default, but always get them."""
