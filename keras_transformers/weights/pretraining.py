"""The task of a checkpoint that has the heads of BERT's pre-training."""

MASKED_LM = "masked_tokens"
PRETRAINING = (MASKED_LM, "next_sentence")


def masked_lm_task(length, next_sentence):
    """Return the section `task` that fills in `[MASK]` in texts.

    Args:
        length: The most tokens of a text.
        next_sentence: Whether there is the head that judges pairs of texts.
    """
    return {"type": "masked_lm", "next_sentence": next_sentence, "length": length}


def is_like_theirs(sizes):
    """Return whether the head of masked tokens computes the same here and in Transformers.

    Theirs has the activation and the epsilon of the encoder, ours exact GELU and 1e-12.
    """
    return (sizes.activation, sizes.epsilon) == ("gelu", 1e-12)
