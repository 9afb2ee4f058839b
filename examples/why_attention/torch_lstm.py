"""PyTorch's LSTM as encoder and decoder, timed for parallel.py, which starts this in an interpreter that has it.

    python torch_lstm.py STEPS TOKENS LENGTH...

As large as the model of `multi30k_ende_rnn`, without its attention. Prints [length, pass, seconds] a line, as JSON.
"""

import json
import statistics
import sys
import time

import torch

DIM, LAYERS, VOCABULARY = 384, 2, 8000


class Translator(torch.nn.Module):
    """An encoder in both directions and a decoder that begins with its state; one embedding for all."""

    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(VOCABULARY, DIM)
        self.encoder = torch.nn.LSTM(DIM, DIM // 2, LAYERS, bidirectional=True, batch_first=True)
        self.decoder = torch.nn.LSTM(DIM, DIM, LAYERS, batch_first=True)

    def forward(self, source, target):
        _, state = self.encoder(self.embedding(source))
        joined = [x.unflatten(0, (LAYERS, 2)).transpose(1, 2).flatten(2).contiguous() for x in state]
        states, _ = self.decoder(self.embedding(target), tuple(joined))
        return states @ self.embedding.weight.T


def main():
    """Measure each length."""
    steps, tokens, *lengths = map(int, sys.argv[1:])
    torch.set_num_threads(2)
    model = Translator()
    optimizer = torch.optim.Adam(model.parameters(), 1e-4)

    def forward(source, target):
        with torch.inference_mode():
            model(source, target)

    def training(source, target):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(source, target).flatten(0, 1), target.flatten()).backward()
        optimizer.step()

    for length in lengths:
        source, target = torch.randint(4, VOCABULARY, (2, tokens // length, length))
        for step in (forward, training):
            step(source, target)
            times = []
            for _ in range(steps):
                start = time.perf_counter()
                step(source, target)
                times.append(time.perf_counter() - start)
            print(json.dumps([length, step.__name__, statistics.median(times)]), flush=True)


if __name__ == "__main__":
    main()
