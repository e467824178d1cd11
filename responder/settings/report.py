"""Everything found wrong or unwise, each with its place, so that it can be told at once."""

from responder.errors import ConfigError
from responder.settings.tree import KeyPath, Node, Origin, Source, dotted

__all__ = ["Report"]


class Report:
    """Collects problems and warnings about one tree of values."""

    def __init__(self, tree: Node) -> None:
        self.tree = tree
        self._problems: dict[tuple[Source, KeyPath, str], None] = {}
        self._warnings: dict[tuple[Source, KeyPath, str], None] = {}

    def problem(self, path: KeyPath, text: str, source: Source | None = None) -> None:
        """Note what is wrong at a path and what to do; `source` when no node tells the place."""
        self._problems[self._place(path, text, source)] = None

    def warning(self, path: KeyPath, text: str, source: Source | None = None) -> None:
        """Note what is unwise at a path."""
        self._warnings[self._place(path, text, source)] = None

    def touches(self, *paths: KeyPath) -> bool:
        """Tell whether a problem at or below one of these is known: no second one follows it."""
        shown = [self._nearest(path)[1] for path in paths]
        return any(known[: len(path)] == path for _, known, _ in self._problems for path in shown)

    def sets(self, path: KeyPath) -> bool:
        """Tell whether a value was written at this very place, neither inherited nor default."""
        node = self.tree.find(path)
        return node is not None and node.source.origin > Origin.DEFAULT and node.path[0] == path[0]

    def source(self, path: KeyPath) -> Source:
        """Return where a value was written, or the nearest thing around it that was."""
        return self._nearest(path)[0]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings, in the order of the file."""
        return tuple(_lines(self._warnings))

    def raise_problems(self) -> None:
        """Raise ConfigError with every problem, if there is one."""
        if self._problems:
            raise ConfigError(_lines(self._problems))

    def _place(
        self, path: KeyPath, text: str, source: Source | None
    ) -> tuple[Source, KeyPath, str]:
        nearest, shown = self._nearest(path)
        return source or nearest, path if source else shown, text

    def _nearest(self, path: KeyPath) -> tuple[Source, KeyPath]:
        """Return the place of the deepest node that was written, and the path to show."""
        node, source, shown = self.tree, self.tree.source, path
        for depth, key in enumerate(path, 1):
            child = node.child(key)
            if child is None:
                break
            node, shown = child, (*child.path, *path[depth:])
            if node.source.origin > Origin.DEFAULT:
                source = node.source
        return source, shown


def _lines(found: dict[tuple[Source, KeyPath, str], None]) -> list[str]:
    """Return texts by origin, then in the order of lines."""
    ordered = sorted(found, key=lambda place: (place[0].origin, place[0].line))
    return [f"{source}: {dotted(path)}: {text}" for source, path, text in ordered]
