"""`/metrics`, in the text format that every Prometheus reads."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from responder.web.answers import SAFE_HEADERS

__all__ = ["Exposition"]


class Exposition:
    """Shows a registry, without the `_created` series that nobody asked for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    async def show(self, _request: Request) -> Response:
        """Answer all metrics as they are now."""
        # Live state is read here, on the loop that changes it; writing the text takes longer, and
        # webhooks should not wait for it.
        collected = _Collected(_without_created(self._registry.collect()))
        text = await run_in_threadpool(generate_latest, collected)
        return Response(text, headers=SAFE_HEADERS, media_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Collected(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> list[Metric]:
        return self._metrics


def _without_created(metrics: Iterable[Metric]) -> Iterator[Metric]:
    for metric in metrics:
        created = f"{metric.name}_created"
        metric.samples = [sample for sample in metric.samples if sample.name != created]
        yield metric
