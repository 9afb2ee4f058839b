from keras_transformers.data import FileSource, Pair, Pairs
from keras_transformers.errors import DataError
from keras_transformers.signature import Path, register


@register("source", "arrows")
class Arrows(FileSource):
    """Pairs of texts with an arrow between them, such as `one -> eins`.

    Args:
        path: The file.
    """

    gives = Pairs

    def __init__(self, path: Path, **kwargs):
        super().__init__([path], **kwargs)

    def examples(self, files, tally):
        for place, line in files[0].placed():
            source, arrow, target = line.partition(" -> ")
            if not arrow:
                raise DataError(f"{place} must hold two texts with ` -> ` between them, but is {line!r}.")
            yield Pair(place, source, target)
