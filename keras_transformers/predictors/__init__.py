"""Strings in, answers out, in the graph: what is scored, predicts and is exported."""
