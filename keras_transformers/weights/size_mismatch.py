"""Infers model sizes from tensor shapes, to explain a mismatch."""

import re

TELLING = {
    "vocab_size": ("embed.embedding.table", 0),
    "dim": ("embed.embedding.table", 1),
    "position.max_length": ("embed.position.table", 0),
    "segments": ("embed.segments", 0),
    "hidden_dim": ("encoder.blocks.0.feed_forward.expand.kernel", 1),
}
"""For each size of a recipe a tensor, by our name, and the axis whose length it is."""


def differing(ours, theirs, layers):
    """Return the sizes that differ, such as "`dim` is 396 and not 384": ours is 396.

    Args:
        ours: {our name: shape} of the model's tensors.
        theirs: The same of the checkpoint's; None where it has no such tensor.
        layers: The checkpoint's number of encoder blocks, or None.
    """
    found = []
    for size, (name, axis) in TELLING.items():
        if ours.get(name) and theirs.get(name) and len(theirs[name]) > axis:
            found.append((size, ours[name][axis], theirs[name][axis]))
    blocks = {match[1] for match in (re.match(r"encoder\.blocks\.(\d+)\.", name) for name in ours) if match}
    if blocks and layers:
        found.append(("layers", len(blocks), layers))
    return [f"`{size}` is {mine} and not {other}" for size, mine, other in found if mine != other]
