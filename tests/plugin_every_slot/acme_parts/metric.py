from keras_transformers.metrics import Metric
from keras_transformers.signature import register


@register("metric", "word_share")
class WordShare(Metric):
    """Share of a reference's words that the output has, too, 0 to 100."""

    name = "word_share"
    scores = "texts"

    def __call__(self, outputs, references):
        shares = [_share(set(output.split()), set(right.split())) for output, right in zip(outputs, references)]
        return {"word_share": 100.0 * sum(shares) / max(len(shares), 1)}


def _share(said, wanted):
    return len(said & wanted) / max(len(wanted), 1)
