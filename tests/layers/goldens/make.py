"""Write recurrent.npz: what PyTorch's LSTM and GRU compute of random weights, in one direction and in both.

TORCH_PYTHON tests/layers/goldens/make.py     # an environment with `pip install torch numpy`
"""

from pathlib import Path

import numpy as np
import torch

DIM, BATCH, LENGTHS = 6, 3, [5, 2, 4]


def main():
    """Write the file, and say with which version."""
    torch.manual_seed(0)
    arrays = {"made with": np.array(f"torch {torch.__version__}")}
    x = arrays["x"] = torch.randn(BATCH, max(LENGTHS), DIM).numpy()
    arrays["lengths"] = np.array(LENGTHS)
    for name, both in ((name, both) for name in ("LSTM", "GRU") for both in (False, True)):
        layer = getattr(torch.nn, name)(DIM, DIM // 2 if both else DIM, bidirectional=both, batch_first=True)
        packed = torch.nn.utils.rnn.pack_padded_sequence(torch.tensor(x), LENGTHS, True, enforce_sorted=False)
        with torch.inference_mode():
            packed, state = layer(packed)
        outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
        state = state if isinstance(state, tuple) else (state,)
        kind = f"{name.lower()}{' both' if both else ''}"
        arrays[f"{kind}: outputs"] = outputs.numpy()
        for number, tensor in enumerate(state):  # (directions, B, units) → (B, D)
            arrays[f"{kind}: state {number}"] = tensor.transpose(0, 1).reshape(BATCH, -1).numpy()
        arrays |= {f"{kind}: {key}": value.numpy() for key, value in layer.state_dict().items()}
    np.savez_compressed(Path(__file__).with_name("recurrent.npz"), **arrays)
    print(arrays["made with"])


if __name__ == "__main__":
    main()
