"""The final model of a run, saved."""


def save_model(model, path):
    """Save `model` as a `.keras` file, which appears only when it is whole."""
    partial = path.with_name(f"partial-{path.name}")
    try:
        model.save(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
