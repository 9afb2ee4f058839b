"""Scores of tags against the right ones (slot `metric`)."""

import importlib.util
import warnings

from ..errors import RecipeError


class EntityF1:
    """Entity F1 by seqeval, micro-averaged, 0 to 100: an entity counts if its type and both ends are right.

    Registered as `metric/entity_f1`.

    Tags are BIO or any scheme that the shared task's `conlleval` reads. Tags without entities, such
    as parts of speech, are scored by `tag_accuracy`.

    Reference: Tjong Kim Sang and De Meulder 2003, https://arxiv.org/abs/cs/0306050

    """

    name = "entity_f1"
    scores = "tags"

    def check(self):
        """Raise `RecipeError` unless seqeval is installed."""
        if importlib.util.find_spec("seqeval") is None:
            raise RecipeError(
                "`metric/entity_f1` needs seqeval: pip install 'keras-transformers[tagging]', or choose another with "
                "--set 'task.metrics=[tag_accuracy]'."
            )

    def __call__(self, outputs, references):
        """Return F1, precision and recall of all entities, and the F1 of each type in one string.

        Args:
            outputs: For each sentence, the list of its tags.
            references: The right tags, as many in each sentence.
        """
        from seqeval.metrics import classification_report  # here, as it takes a second to import

        with warnings.catch_warnings():
            # It warns of tags that are no entities' and of averages over nothing, which are then 0.
            warnings.simplefilter("ignore")
            report = classification_report(references, outputs, output_dict=True, zero_division=0)
        total = report["micro avg"]
        types = {name: each for name, each in report.items() if not name.endswith(" avg")}
        names = {"entity_f1": "f1-score", "entity_precision": "precision", "entity_recall": "recall"}
        scores = {name: 100.0 * float(total[theirs]) for name, theirs in names.items()}
        by_type = ", ".join(f"{name} {100 * each['f1-score']:.1f}" for name, each in sorted(types.items()))
        return {**scores, "entity_f1_by_type": by_type}


class TagAccuracy:
    """Share of words with the right tag, 0 to 100.

    Registered as `metric/tag_accuracy`.
    """

    name = "tag_accuracy"
    scores = "tags"

    def __call__(self, outputs, references):
        """Return `{"tag_accuracy": percentage}` of lists of tags for each sentence."""
        pairs = [pair for both in zip(outputs, references) for pair in zip(*both)]
        right = sum(output == reference for output, reference in pairs)
        return {"tag_accuracy": 100.0 * right / max(len(pairs), 1)}
