"""One training, from the sections of a recipe to the final model in its run directory."""

import time

import keras
import tensorflow as tf

from ..errors import RecipeError, RunError
from ..files import write_json, writing
from ..registry.assemble import assemble, values
from ..runs.examples import read_for
from ..runs.model import dtype_policy, new_model
from ..runs.notes import say, tell
from .callbacks import Clock, CurrentEpoch, Interruption, Keeper, Record, Scores, best_index
from .checkpoints import Checkpoints
from .final_model import save_model
from .fine_tuning import freeze, scale_rates
from .progress import ClosingTable, LiveProgress
from .resuming import spans
from .strategies import strategy_of
from .trainer import TokenModel


class Job:
    """One training, step by step: sections of the recipe, text, model, fit.

    Args:
        recipe: The resolved recipe.
        console: Where to tell the user what happens.
        plugins: The user's files that register components, to be named again on resuming.

    Raises:
        RecipeError: The recipe only builds a model: a section that training needs is missing.
        DataError: The text cannot be read.
    """

    def __init__(self, recipe, console, plugins=()):
        self.recipe = recipe
        self.console = console
        self.plugins = plugins
        tree = recipe.tree
        for section in ("tokenizer", "data", "task", "training"):
            if tree.get(section) is None:
                raise RecipeError(f"`{recipe.name}` cannot be trained: it has no section `{section}`.")
        self.encoded = None
        self.valid_encoded = None
        self.built = None
        self.settings = self._settings()
        self.data = assemble("section", tree["data"])
        self.task = assemble("task", tree["task"])
        self.task.check_metrics()
        self.train_examples = self._read("train")
        self.valid_examples = self._read("valid")
        self._settle()

    def _settings(self):
        tree = self.recipe.tree
        batches = 0 if self.encoded is None else self.encoded.batches
        steps = tree["training"]["epochs"] * batches
        return assemble("section", tree["training"], {**values(tree), "training.steps": steps})

    def _read(self, split):
        source = getattr(self.data, split)
        return source and read_for(self.task, source, self.data.root, self.recipe.tree, split)

    def _settle(self):
        """Put what the training text tells into the task and its recipe."""
        found = self.task.settle(self.train_examples)
        if found:
            self.recipe = self.recipe.with_overrides({f"task.{name}": value for name, value in found.items()})
            self.task = assemble("task", self.recipe.tree["task"])
        tell(self.task.remarks(self.train_examples), self.console)

    def make_tokenizer(self, folder):
        """Put a tokenizer into `folder`: that of the weights to begin with, or else one newly trained."""
        folder.mkdir()
        if self.weights is None:
            tokenizer = assemble("tokenizer", self.recipe.tree["tokenizer"])
            tokenizer.train(self.task.texts(self.train_examples), folder)
            return tokenizer
        from ..weights import open_checkpoint

        checkpoint = open_checkpoint(self.weights)
        self.recipe = self.recipe.with_overrides({"tokenizer": checkpoint.recipe()["tokenizer"]})
        checkpoint.write_tokenizer(folder)
        tokenizer = assemble("tokenizer", self.recipe.tree["tokenizer"])
        tokenizer.load(folder)
        return tokenizer

    @property
    def weights(self):
        """The checkpoint that the recipe names to begin with, or None."""
        return self.recipe.tree.get("weights")

    def prepare(self, tokenizer):
        """Turn the text into ids, once, and tell what was dropped."""
        if self.encoded is not None:
            return
        seed = self.recipe.tree["seed"]
        limits = (self.data.batch_tokens, self.data.max_length, seed)
        self.encoded, notes = self.task.encode(self.train_examples, tokenizer, *limits, "data.train")
        if self.valid_examples is not None:
            self.valid_encoded, more = self.task.encode(self.valid_examples, tokenizer, *limits, "data.valid")
            notes = [*notes, *more]
        tell(notes, self.console)

    def begin(self):
        """Build the model and fill it with the weights to begin with: what is wrong with either is said now."""
        self.built = self.build()
        self._load_weights(self.built[0])

    def _load_weights(self, model):
        if self.weights is not None:
            from ..weights import load_into

            tell(load_into(model, self.weights, self.recipe.tree["task"]), self.console)

    def build(self):
        """Return the model, ready to fit, under its strategy and precision."""
        loss = self.task.loss()
        with strategy_of(self.settings.strategy).scope():
            model = new_model(self.recipe)
            with dtype_policy(self.settings.precision):
                trainer = TokenModel(inputs=model.input, outputs=model.output)
            settings = self._settings()  # anew: an optimizer belongs to the strategy it is made in
            if settings.freeze is not None:
                freeze(model, settings.freeze)
            optimizer = settings.optimizer
            optimizer.learning_rate = settings.schedule
            if settings.layer_decay is not None:
                scale_rates(optimizer, model, settings.layer_decay)
            trainer.compile(optimizer=optimizer, loss=loss, measures=self._measures(loss, model))
            optimizer.build(model.trainable_variables)
        return model, trainer

    def _measures(self, loss, model):
        """Return the names of what the loss measures, learnt from one example."""
        if not hasattr(loss, "measures"):
            return ()
        inputs, labels = self.encoded.sample()
        return tuple(loss.measures(labels, model(inputs, training=False)))

    def fit(self, run, tokenizer, history=()):
        """Train from the run's last checkpoint, if it has one, to the end."""
        self.prepare(tokenizer)
        model, trainer = self.built or self.build()
        checkpoints = Checkpoints(run.checkpoint_folder, model, trainer.optimizer, self.settings.average_last)
        place = checkpoints.restore_last()
        if place is None and self.built is None:  # resumed before the first checkpoint
            self._load_weights(model)
        epoch, batch = place or (0, 0)
        with writing(run.recipe_file):
            run.write_recipe(self.recipe)  # it fits the state: resuming may have changed it
        history = self._comparable(list(history)[:epoch], run)
        self._announce(model, run, epoch, batch)
        current = CurrentEpoch(epoch)
        serving = self.task.serving(model, tokenizer)
        record = Record(run, history)
        keeper = Keeper(checkpoints, self.monitor, history, self.settings.patience)
        interruption = Interruption(checkpoints, run.resume_command(self.plugins), batch)
        progress = LiveProgress(self.settings.epochs, self.encoded.batches, self.console)
        scores = [Scores(self.task, serving, self.valid_examples)] if self.valid_examples else []
        callbacks = [
            current,
            Clock(),
            *scores,
            record,
            keeper,
            progress,
            interruption,
        ]
        start = time.perf_counter()
        try:
            for first, end, skip in spans(epoch, self.settings.epochs, batch):
                if keeper.exhausted:
                    break
                trainer.fit(
                    self.encoded.dataset(lambda: current.epoch, skip),
                    validation_data=self.valid_encoded and self.valid_encoded.dataset(),
                    initial_epoch=first,
                    epochs=end,
                    callbacks=callbacks,
                    shuffle=False,
                    verbose=0,
                )
        finally:
            interruption.restore()
            progress.close()
        seconds = time.perf_counter() - start
        return self._finish(run, model, tokenizer, checkpoints, record.lines, seconds)

    def _comparable(self, history, run):
        """Return `history`, whose epochs can be compared with those to come.

        Raises:
            RunError: The number that chooses the best epoch is not in it.
        """
        if all(self.monitor in line for line in history):
            return history
        raise RunError(
            f"{run.metrics_file} has no `{self.monitor}`, by which epochs are now compared: resume with the "
            "metrics and validation text that the run began with."
        )

    @property
    def monitor(self):
        """The number that tells which epoch is best."""
        if self.valid_examples is None:
            return "loss"
        return self.task.monitor

    def _announce(self, model, run, epoch, batch):
        where = f", from epoch {epoch + 1}, batch {batch + 1}" if epoch or batch else ""
        say(
            f": {model.count_params():,} parameters, "
            f"{len(self.train_examples):,} {self.task.noun}, {self.encoded.tokens:,} tokens an epoch, "
            f"{self.settings.precision}{where} → {run.path}",
            self.console,
            lead=self.recipe.name,
        )

    def _finish(self, run, model, tokenizer, checkpoints, history, seconds):
        """Choose the final weights, save them, score them, write the report."""
        if self.settings.average_last > 1:
            chosen = f"mean of the last {checkpoints.load_average()} epochs"
        elif self.valid_examples is not None:
            checkpoints.load_best()
            best = best_index([line[self.monitor] for line in history], self.monitor)
            chosen = f"epoch {history[best]['epoch']}, the best"
        else:
            chosen = f"epoch {history[-1]['epoch']}, the last"
        final = new_model(self.recipe, {"training.precision": "float32"})
        final.set_weights(model.get_weights())
        with writing(run.model_file):
            save_model(final, run.model_file)
        scores = {}
        if self.valid_examples is not None:
            scores, _ = self.task.score(self.task.serving(final, tokenizer), self.valid_examples)
        report = {
            "recipe": self.recipe.name,
            "parameters": final.count_params(),
            "weights": chosen,
            "valid": scores,
            "seconds": seconds,
            "versions": {"keras": keras.__version__, "tensorflow": tf.__version__},
        }
        with writing(run.report_file):
            write_json(run.report_file, report)
        named = {f"val_{name}": score for name, score in scores.items()}
        self.console.print(ClosingTable(history, named, self.recipe.name))
        say(f"final model: {chosen} → {run.model_file}", self.console)
        return run
