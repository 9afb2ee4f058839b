"""Resumes a training where it stopped, or says why it cannot."""

from dataclasses import dataclass

from ..errors import RunError
from ..runs.run import Run
from .checkpoints import Place, Saved, saved_states
from .fingerprint import Fingerprint

BEGINNING = Place()
_NOT_CHECKED = "The run is of an earlier version, which noted nothing of its data: that they are alike is not checked."


@dataclass(frozen=True)
class Start:
    """Where a training begins.

    Args:
        place: How far it has come.
        saved: The state to begin with; None: a new one.
        notes: What is to be said of it.
    """

    place: Place = BEGINNING
    saved: Saved | None = None
    notes: tuple[str, ...] = ()


def starting_place(run: Run, fingerprint: Fingerprint, epochs: int, changed: bool) -> Start:
    """Return where a run goes on: where it stopped, or at the beginning of an epoch whose batches are others now.

    In an epoch each example is seen once. So if the batches of one that was interrupted are no longer what they
    were, it begins anew, with the weights that it began with.

    Args:
        run: The `Run`.
        fingerprint: The `Fingerprint` of its batches, now.
        epochs: `training.epochs`.
        changed: Whether the recipe names other data or another seed than before.

    Raises:
        RunError: The run is of an earlier version, which kept nothing to begin the epoch anew with.
    """
    states = saved_states(run.checkpoint_folder)
    if not states:
        return Start()
    before = Fingerprint.read(states[0].fingerprint)
    if before is None:
        start = _unchecked(run, states, changed or states[0].place.batch >= fingerprint.batches)
    else:
        start = _checked(run, states, before, fingerprint)
    return _before_the_end(start, states, epochs)


def _unchecked(run: Run, states: list[Saved], changed: bool) -> Start:
    """Return the start of a run whose batches cannot be compared with what they were."""
    place = states[0].place
    if not changed or not place.batch:
        return Start(place, states[0], (_NOT_CHECKED,))
    return _anew(run, states, "they are not what they were")


def _checked(run: Run, states: list[Saved], before: Fingerprint, now: Fingerprint) -> Start:
    """Return the start of a run whose batches are compared with what they were."""
    place = states[0].place
    notes: tuple[str, ...] = ()
    if place.epoch and now.valid != before.valid:
        epoch = place.epoch + 1
        notes = (f"The validation text is another: scores from epoch {epoch} on do not compare with those before.",)
    if now.makes_the_batches_of(before):
        return Start(place, states[0], notes)
    change = now.change_from(before)
    if place.batch:
        start = _anew(run, states, change)
        return Start(start.place, start.saved, (*start.notes, *notes))
    return Start(place, states[0], (f"From epoch {place.epoch + 1} on, batches are others: {change}.", *notes))


def _anew(run: Run, states: list[Saved], change: str) -> Start:
    """Return the beginning of the epoch that was interrupted."""
    place = states[0].place
    saved = next((saved for saved in states if not saved.place.batch), None)
    if saved is None and place.epoch:
        raise RunError(
            f"{run.path} was interrupted in epoch {place.epoch + 1}, after {place.batch:,} batches, and cannot go on "
            f"with others ({change}), for it holds no state of that epoch's beginning: put the text and the section "
            "`data` back, or train anew with --overwrite."
        )
    note = (
        f"Epoch {place.epoch + 1} begins anew, as it first did: it was interrupted after {place.batch:,} batches, "
        f"which are others now: {change}."
    )
    return Start(saved.place if saved else BEGINNING, saved, (note,))


def _before_the_end(start: Start, states: list[Saved], epochs: int) -> Start:
    """Return `start`, or the end of the last whole epoch if nothing is left to train."""
    if start.place.epoch < epochs:
        return start
    saved = next((saved for saved in states if not saved.place.batch), states[0])
    note = f"{saved.place.epoch} epochs are done, and `training.epochs` is {epochs}: nothing is left to train."
    return Start(saved.place, saved, (note,))


def updates_in_all(place: Place, epochs: int, batches: int) -> int:
    """Return the number of updates that a training will have made at its end, for schedules that fall to it.

    Args:
        place: Where it begins or goes on.
        epochs: `training.epochs`.
        batches: Batches in an epoch, from now on.
    """
    return place.updates + max(epochs - place.epoch, 0) * batches - place.batch


def spans(epoch: int, epochs: int, batch: int) -> list[tuple[int, int, int]]:
    """Return `(first epoch, end, batches to skip)` of each call of `fit`.

    An epoch resumed in its middle is a call of its own: Keras takes the number of batches of the
    first epoch for that of all.
    """
    middle = [(epoch, epoch + 1, batch)] if batch else []
    rest = (epoch + len(middle), epochs, 0)
    return [*middle, rest] if rest[0] < epochs else middle
