"""Serving modules: strings in, answers out, in the TensorFlow graph."""
