"""Tests that run beside each other: nearly all of each is waiting for programs.

The module says what all of them share in a fixture `begun`, made by `Together.begun`; each takes
what it needs of that as its first argument, and is one row of pytest's report as ever.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from inspect import Parameter, Signature, signature
from typing import Any

import pytest

Story = Callable[..., None]


class Together:
    """The tests of one module, each decorated with this; some begin before they are reported."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._stories: dict[str, Story] = {}

    def __call__(self, story: Story) -> Story:
        """Let a test run beside the others; its other arguments are those of `parametrize`."""
        self._stories[story.__name__] = story

        def test(begun: dict[str, Future[None]], request: pytest.FixtureRequest, **_: Any) -> None:
            begun[request.node.name].result()

        _, *varying = signature(story).parameters.values()
        fixtures = [Parameter(name, Parameter.KEYWORD_ONLY) for name in ("begun", "request")]
        test.__name__, test.__doc__ = story.__name__, story.__doc__
        test.__signature__ = Signature(  # type: ignore[attr-defined]
            [*(one.replace(kind=Parameter.KEYWORD_ONLY) for one in varying), *fixtures]
        )
        return test

    @contextmanager
    def begun(
        self, request: pytest.FixtureRequest, tell: Callable[[Story], None]
    ) -> Iterator[dict[str, Future[None]]]:
        """Begin those that were asked for, in their order; `tell` gives a story what it takes."""
        pool = ThreadPoolExecutor(self._at_once)
        try:
            yield {
                item.name: pool.submit(tell, self._story(item))
                for item in request.session.items
                if item.path == request.path and getattr(item, "originalname", "") in self._stories
            }
        finally:
            pool.shutdown(cancel_futures=True)

    def _story(self, item: Any) -> Story:
        story = self._stories[item.originalname]
        varying = item.callspec.params if hasattr(item, "callspec") else {}
        return lambda shared: story(shared, **varying)
