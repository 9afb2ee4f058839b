"""Lazy reading of safetensors files, with clear errors."""

from pathlib import Path

from safetensors import SafetensorError, safe_open

from ..errors import CheckpointError


class SafetensorsFile:
    """The tensors of one file, as NumPy arrays.

    Args:
        path: The file.

    Raises:
        CheckpointError: It is not a safetensors file, or is cut short.
    """

    def __init__(self, path):
        self.path = Path(path)
        try:
            self._file = safe_open(self.path, "numpy")
            names = self._file.keys()
        except FileNotFoundError:
            raise CheckpointError(f"{self.path} cannot be read: there is no such file.") from None
        except OSError as error:
            raise CheckpointError(f"{self.path} cannot be read: {error.strerror or error}.") from None
        except SafetensorError as error:
            raise CheckpointError(f"{self.path} is damaged or no safetensors file: {error}.") from None
        self.shapes = {name: tuple(self._file.get_slice(name).get_shape()) for name in names}

    def read(self, name):
        """Return one tensor; no other is read."""
        return self._file.get_tensor(name)

    def read_rows(self, name, first, last):
        """Return the rows from `first` up to `last`, without it, of a tensor."""
        return self._file.get_slice(name)[first:last]
