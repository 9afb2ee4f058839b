"""Write heads.npz: what Transformers computes of the folders that test_heads.py exports.

Two steps, since Transformers and TensorFlow need not be in one environment:

    PYTHONPATH=.:tests:tests/weights .venv/bin/python tests/weights/goldens/make.py export FOLDER
    TORCH_PYTHON tests/weights/goldens/make.py answer FOLDER     # an environment with `pip install torch transformers`
"""

import json
import sys
from pathlib import Path


def export(folder):
    """Write a folder for each task: `theirs`, for Transformers, and the inputs and outputs that are asked for."""
    from test_heads import HEAD_OUTPUTS, TASKS, exported

    for name, (_, architecture) in TASKS.items():
        _, inputs = exported(name, folder / name)
        inputs = {key: value.tolist() for key, value in inputs.items()}
        asked = {"architecture": architecture, "outputs": [*HEAD_OUTPUTS[architecture].values()], **inputs}
        (folder / name / "asked.json").write_text(json.dumps(asked), encoding="utf-8")


def answer(folder):
    """Write heads.npz, float32, and say with which versions."""
    import numpy as np
    import torch
    import transformers

    arrays = {"made with": np.array([f"torch {torch.__version__}", f"transformers {transformers.__version__}"])}
    for path in sorted(folder.glob("*/asked.json")):
        asked = json.loads(path.read_text(encoding="utf-8"))
        model = getattr(transformers, asked["architecture"]).from_pretrained(path.parent / "theirs").eval()
        ids, kinds = torch.tensor(asked["tokens"]), torch.tensor(asked["segments"])
        with torch.inference_mode():
            found = model(input_ids=ids, token_type_ids=kinds, attention_mask=(ids != 0).long())
        arrays |= {f"{path.parent.name}: {output}": found[output].numpy() for output in asked["outputs"]}
    np.savez_compressed(Path(__file__).with_name("heads.npz"), **arrays)
    print(*arrays["made with"], sep=", ")


if __name__ == "__main__":
    {"export": export, "answer": answer}[sys.argv[1]](Path(sys.argv[2]))
