"""`model.fit` and what it needs: the train step, optimizers, schedules, callbacks, checkpoints."""
