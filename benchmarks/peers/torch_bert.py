"""Transformers' BERT, timed for benchmarks/bert.py, which starts this in an interpreter that has it.

    python benchmarks/peers/torch_bert.py JOB       # JOB is JSON; benchmarks/bert.py --torch PYTHON writes it

Says "ready", then reads a number of steps a line from standard input and answers with the wall and processor seconds
that they took.
"""

import argparse
import json
import sys
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", type=json.loads, metavar="JOB", help="what to do, as JSON")
    job = parser.parse_args().job
    try:
        step = {"inference": inference, "train": train}[job["part"]](job)
    except ImportError as error:
        parser.exit(2, f"{sys.executable} cannot run Transformers' BERT ({error}): install torch and transformers.\n")
    print("ready", flush=True)
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            step()
        print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)


def inference(job):
    """Return a function that answers one batch in float32."""
    import torch
    from transformers import BertConfig, BertModel

    model = BertModel(BertConfig(**job["sizes"])).eval()
    tokens = random_ids(job)

    def step():
        with torch.inference_mode():
            model(input_ids=tokens)

    return step


def train(job):
    """Return a function that takes one step on masked tokens; logits are computed at every position."""
    import torch
    from transformers import BertConfig, BertForMaskedLM

    model = BertForMaskedLM(BertConfig(**job["sizes"])).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    tokens = random_ids(job)
    hidden = torch.rand(tokens.shape, generator=torch.Generator().manual_seed(0)) < job["masked"]
    labels = torch.where(hidden, tokens, -100)

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=job["bfloat16"]):
            loss = model(input_ids=tokens, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def random_ids(job):
    import torch

    generator = torch.Generator().manual_seed(0)
    return torch.randint(5, job["sizes"]["vocab_size"], (job["batch"], job["length"]), generator=generator)


if __name__ == "__main__":
    main()
