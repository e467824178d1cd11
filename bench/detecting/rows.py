"""One line of the table: a world, a preset, and what came of it with and without mitigation."""

import pickle
import shutil
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from detecting.effective import Lane, played
from detecting.history import History, raw
from detecting.replay import SIMULATED, Firing, fired, recorded
from detecting.rulebook import Rulebook
from detecting.scoring import GRACE, Score, score
from detecting.worlds import World, jobs, simulated

__all__ = ["Prepared", "Row", "measured", "prepared"]

RULES = Path(__file__).resolve().parents[2] / "rules"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A world that is simulated, imported, and has what no preset changes recorded."""

    folder: Path
    stored: frozenset[str]

    @property
    def world(self) -> World:
        """Read the world again; it is too large to be handed from process to process."""
        with (self.folder / "world").open("rb") as file:
            world: World = pickle.load(file)
        return world


@dataclass(frozen=True, slots=True)
class Row:
    """The scores of a preset in a world; by alert for the one with nothing mitigated."""

    seed: str
    preset: str
    alone: Score
    """The mitigation changes nothing."""
    works: Score | None
    """It takes 95 % of an attack away; None where that was not played."""
    each: dict[str, Score]


def prepared(folder: Path, seed: str, each: int, weeks: int, workers: int) -> Prepared:
    """Simulate a world and record what all presets share."""
    with ProcessPoolExecutor(workers) as pool:
        world = World(seed, weeks, list(pool.map(simulated, jobs(seed, each, weeks))))
    folder.mkdir(parents=True)
    with (folder / "world").open("wb") as file:
        pickle.dump(world, file)
    base = History(folder / "base")
    for seen in world.sites:
        base.add(raw(seen, range(world.minutes)))
    stored = recorded(base, world, Rulebook(RULES, "balanced"), SIMULATED, free=True)
    return Prepared(folder, frozenset(stored))


def measured(job: tuple[Prepared, str, bool]) -> Row:
    """Evaluate a preset over a prepared world, and play the attacks if asked."""
    given, preset, play = job
    world, book = given.world, Rulebook(RULES, preset)
    folder = given.folder / preset.replace(" ", "-")
    history = History(given.folder / "base").copy(folder)
    try:
        stored = recorded(history, world, book, set(given.stored), free=False)
        with history.served() as asked:
            each = {one.name: fired(asked, world, book, one, stored) for one in book.triggers}
            together = _together(each.values())
            lanes = played(asked, world, book, folder / "lanes") if play else None
    finally:
        shutil.rmtree(folder)
    return Row(
        world.seed,
        preset,
        score(world, together),
        None if lanes is None else score(world, _mitigated(together, lanes)),
        {name: score(world, firing) for name, firing in each.items()},
    )


def _together(each: Iterable[Firing]) -> Firing:
    whole: Firing = {}
    for firing in each:
        for site, minutes in firing.items():
            whole.setdefault(site, set()).update(minutes)
    return whole


def _mitigated(firing: Firing, lanes: list[Lane]) -> Firing:
    """Put what was played in the place of each attack that nothing mitigated."""
    whole = {site: set(minutes) for site, minutes in firing.items()}
    for lane in lanes:
        one = whole.setdefault(lane.seen.site.name, set())
        one.difference_update(range(lane.attack.start, lane.attack.end + GRACE))
    for lane in lanes:
        whole[lane.seen.site.name].update(lane.firing)
    return whole
