"""From examples to batches of ids: encoded, cut, masked, and batched by tokens."""
