"""Decoding a step a call, its state as tensors by name: for a server that sends each token as it is said.

N rows, P tokens of the longest prompt, V vocabulary size.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from ..annotations import State, Tensor
from ..models.decodable import Decodable

STATE = "state"
"""What the names of the state's tensors begin with."""


def flat(state: State) -> dict[str, Tensor]:
    """Return the tensors of a nested state by name, such as `state_blocks_0_self_key`."""
    return {
        "_".join([STATE, *(str(key) for key in path)]): tensor for path, tensor in keras.tree.flatten_with_path(state)
    }


def signatures(
    model: Decodable, prompts: Callable[[Tensor], Tensor], detokenize: Callable[[tf.RaggedTensor], Tensor]
) -> dict[str, Any]:
    """Return the concrete functions by which a caller decodes on his own, by name.

        begin       text, string (N,), and room, int32 (): most tokens that may follow. Gives last, int32 (N,): the last
                    token of each prompt, which the first step reads; and the state, tensors by name.
        step        ids, int32 (N,): what was said last, 0 in a row that has ended; and the state as it was given. Gives
                    logits, float32 (N, V), of what follows; and the new state, by the same names.
        detokenize  ids, int32 (N, T), 0 where a row has ended. Gives text, string (N,).

    Args:
        model: A `Decodable` that goes on from prompts.
        prompts: From texts, string (N,), to ids, int32 (N, P), each with its start token, 0 where padded at the end.
        detokenize: From ids, `tf.RaggedTensor` (N, None), to string (N,).
    """
    shape: dict[str, Any] = {}

    def begin(text: Tensor, room: Tensor) -> dict[str, Tensor]:
        said = prompts(text)
        lengths = tf.math.count_nonzero(said, axis=1, dtype=tf.int32)
        state = model.begin({model.continues: said}, tf.shape(said)[1] + room)
        shape["of"] = keras.tree.map_structure(lambda _: 0, state)
        return {"last": tf.gather(said, lengths - 1, batch_dims=1), **flat(state)}

    def step(ids: Tensor, **state: Tensor) -> dict[str, Tensor]:
        nested = keras.tree.pack_sequence_as(shape["of"], [state[name] for name in flat(shape["of"])])
        logits, nested = model.step(ids[:, None], nested)
        return {"logits": logits[:, 0], **flat(nested)}

    def text_of(ids: Tensor) -> dict[str, Tensor]:
        return {"text": detokenize(tf.RaggedTensor.from_tensor(ids))}

    begun = tf.function(begin).get_concrete_function(
        text=tf.TensorSpec((None,), tf.string, "text"), room=tf.TensorSpec((), tf.int32, "room")
    )
    tensors = {name: tensor for name, tensor in begun.structured_outputs.items() if name != "last"}
    specs = {name: tf.TensorSpec(tensor.shape, tensor.dtype, name) for name, tensor in tensors.items()}
    stepped = tf.function(step).get_concrete_function(ids=tf.TensorSpec((None,), tf.int32, "ids"), **specs)
    written = tf.function(text_of).get_concrete_function(ids=tf.TensorSpec((None, None), tf.int32, "ids"))
    return {"begin": begun, "step": stepped, "detokenize": written}
