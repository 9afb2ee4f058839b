"""The Transformer as CTranslate2 has it: what of a model it can express, and where its tensors go.

V vocabulary size, D model width, P positions. CTranslate2 keeps the matrix of a dense layer as (outputs, inputs).
"""

import numpy as np
from keras import ops

from ..layers.attention import MultiHeadAttention
from ..layers.decoder_block import DecoderBlock
from ..layers.embedding import ScaledEmbedding, TokenEmbedding
from ..layers.encoder_block import EncoderBlock
from ..layers.feed_forward import FeedForward
from ..layers.norms import LayerNorm, RMSNorm
from ..layers.position import LearnedPosition, SinusoidalPosition
from ..layers.residual import NormOrder
from ..layers.stack import Decoder, Encoder
from ..models.transformer import Transformer
from ..signature import registrations
from ..text.special import EOS, PAD

POSITIONS = 4096
"""P: it keeps a table of positions, and refuses sentences that are longer."""
NEVER = -1e4
"""The bias of a token that answers never hold: float16 holds it, and its probability is 0."""
SPECIAL = ("<pad>", "<unk>", "<s>", "</s>")
"""What it calls the ids 0 to 3, which are the same in each vocabulary."""
ACTIVATIONS = {"relu": "RELU", "gelu": "GELU", "gelu_tanh": "GELUTanh", "silu": "SWISH", "tanh": "Tanh"}
"""Its name of each activation that both have."""


def differences(model):
    """Yield what of a model CTranslate2 cannot express, each as a clause that names the part of the recipe.

    Args:
        model: A Keras model.
    """
    if type(model) is not Transformer:
        yield _not_one_of("model", model, Transformer)
        return
    for name, embed in {"embed": model.embed, "embed_target": model.embed_target}.items():
        if name == "embed" or embed is not model.embed:
            yield from _unlike("model.embedding", embed.embedding, ScaledEmbedding, TokenEmbedding)
            if embed.position is not None:
                yield from _unlike("model.position", embed.position, SinusoidalPosition, LearnedPosition)
    norms = []
    for side, stack, block in (("encoder", Encoder, EncoderBlock), ("decoder", Decoder, DecoderBlock)):
        found = getattr(model, side)
        if type(found) is not stack:
            yield _not_one_of(f"model.{side}", found, stack)
            continue
        unlike = list(_unlike(f"model.{side}.block", found.block, block))
        yield from unlike or _differences_of_block(f"model.{side}.block", found.block)
        norms += [] if unlike else [found.block.norm]
    kinds = {type(norm) for norm in norms} & {LayerNorm, RMSNorm}
    if len({norm.epsilon for norm in norms if type(norm) in kinds}) > 1:
        yield "`epsilon` must be the same of all norms"
    if any("int" in weight.dtype for weight in model.weights):
        yield "its weights must not be quantized: `compute_type` of CTranslate2 quantizes them when it loads the folder"


def spec(model, sources, targets):
    """Return the `ctranslate2.specs.TransformerSpec` of a model, with all its tensors.

    The pieces name the tokens in the order of their ids, the first as `SPECIAL` does. A source is read with an end
    token behind, and an answer begins with the model's start token; padding and the start token have no probability,
    as in a search of this library.

    Args:
        model: A `Transformer` of which there are no `differences`.
        sources: The pieces of what it reads, one for each id.
        targets: The same of what it says.
    """
    from ctranslate2.specs import TransformerSpec

    found = TransformerSpec(_encoder(model.encoder), _decoder(model.decoder))
    for there, stack, embed in (
        (found.encoder, model.encoder, model.embed),
        (found.decoder, model.decoder, model.embed_target),
    ):
        _set_input(there, embed)
        if stack.norm is not None:
            _set_norm(there.layer_norm, stack.norm)
    for there, block in zip(found.encoder.layer, model.encoder.blocks, strict=True):
        _set_self_attention(there.self_attention, block)
        _set_feed_forward(there.ffn, block)
    for there, block in zip(found.decoder.layer, model.decoder.blocks, strict=True):
        _set_self_attention(there.self_attention, block)
        _set_cross_attention(there.attention, block)
        _set_feed_forward(there.ffn, block)
    output = model.get_layer("logits")
    table = output.kernel.numpy().T if model.tie == "none" else output.embedding.table.numpy()  # (V, D)
    found.decoder.projection.weight = np.ascontiguousarray(table)
    found.decoder.projection.bias = _output_bias(output, model.start)
    found.register_source_vocabulary(list(sources))
    found.register_target_vocabulary(list(targets))
    config = found.config
    config.unk_token, config.bos_token, config.eos_token = SPECIAL[1:]
    config.decoder_start_token = targets[model.start]
    config.add_source_bos, config.add_source_eos = False, True
    config.layer_norm_epsilon = float(model.encoder.block.norm.epsilon)
    return found


def _differences_of_block(path, block):
    attentions = {name: getattr(block, name) for name in block.parts if "attention" in name}
    for name, attention in attentions.items():
        yield from _unlike(f"{path}.{name}", attention, MultiHeadAttention)
    known = [attention for attention in attentions.values() if type(attention) is MultiHeadAttention]
    sizes = list(dict.fromkeys((attention.heads, attention.width) for attention in known))
    if len(sizes) > 1:
        (heads, width), (found, found_width) = sizes
        yield (
            f"`{path}.cross_attention` must have {heads} heads of width {width}, as `attention` beside it, but has "
            f"{found} of width {found_width}"
        )
    yield from _unlike(f"{path}.norm", block.norm, LayerNorm, RMSNorm)
    unlike = list(_unlike(f"{path}.feed_forward", block.feed_forward, FeedForward))
    yield from unlike
    if not unlike and block.feed_forward.activation not in ACTIVATIONS:
        known = ", ".join(f"`{name}`" for name in ACTIVATIONS)
        yield f"`{path}.feed_forward.activation` must be one of {known}, but is `{block.feed_forward.activation}`"


def _unlike(path, part, *classes):
    if type(part) not in classes:
        yield _not_one_of(path, part, *classes)


def _not_one_of(path, part, *classes):
    known = " or ".join(f"`{_name(one)}`" for one in classes)
    return f"`{path}` must be {known}, but is `{_name(type(part))}`"


def _name(kind):
    """Return the name that recipes have for a class, if they have one."""
    registered = registrations(kind)
    return registered[0].name if registered else kind.__name__


def _encoder(stack):
    from ctranslate2.specs import transformer_spec

    return transformer_spec.TransformerEncoderSpec(len(stack.blocks), **_sizes(stack.block))


def _decoder(stack):
    from ctranslate2.specs import transformer_spec

    return transformer_spec.TransformerDecoderSpec(len(stack.blocks), **_sizes(stack.block))


def _sizes(block):
    from ctranslate2.specs import common_spec

    attention = block.attention
    return {
        "num_heads": attention.heads,
        "head_dim": None if attention.head_dim is None else attention.width,
        "pre_norm": block.norm_order is NormOrder.PRE,
        "activation": common_spec.Activation[ACTIVATIONS[block.feed_forward.activation]],
        "rms_norm": type(block.norm) is RMSNorm,
    }


def _set_input(there, embed):
    embeddings = there.embeddings[0] if isinstance(there.embeddings, list) else there.embeddings
    embeddings.weight = embed.embedding.table.numpy()
    there.scale_embeddings = type(embed.embedding) is ScaledEmbedding
    dim = embed.embedding.dim
    if embed.position is None:
        table = np.zeros((POSITIONS, dim), "float32")  # without a table it would add sines
    else:
        table = ops.convert_to_numpy(embed.position.encoding(ops.arange(POSITIONS), dim))  # (P, D)
    there.position_encodings.encodings = table.astype("float32")


def _set_self_attention(there, block):
    attention = block.attention
    _set_norm(there.layer_norm, block.attention_residual.norm)
    _set_linear(there.linear[0], attention.query, attention.key, attention.value)
    _set_linear(there.linear[1], attention.output_projection)


def _set_cross_attention(there, block):
    attention = block.cross_attention
    _set_norm(there.layer_norm, block.cross_attention_residual.norm)
    _set_linear(there.linear[0], attention.query)
    _set_linear(there.linear[1], attention.key, attention.value)
    _set_linear(there.linear[2], attention.output_projection)


def _set_feed_forward(there, block):
    _set_norm(there.layer_norm, block.feed_forward_residual.norm)
    _set_linear(there.linear_0, block.feed_forward.expand)
    _set_linear(there.linear_1, block.feed_forward.contract)


def _set_linear(there, *layers):
    """Put layers of one input side by side."""
    there.weight = np.concatenate([layer.kernel.numpy().T for layer in layers])
    if layers[0].use_bias:
        there.bias = np.concatenate([layer.bias.numpy() for layer in layers])


def _set_norm(there, norm):
    if type(norm) is RMSNorm:
        there.gamma = norm.scale.numpy()
        return
    there.gamma, there.beta = norm.gamma.numpy(), norm.beta.numpy()


def _output_bias(output, start):
    bias = output.bias.numpy().copy() if output.has_bias else np.zeros(output.vocab_size, "float32")
    bias[sorted({PAD, start} - {EOS})] = NEVER
    return bias
