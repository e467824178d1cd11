"""The edge sensor: what Cloudflare itself measures, as bounded series and as proof of calm.

It runs where the loop acts, as a task of its own with connections and a budget of its own, and
holds nothing up: what fails here is seen in metrics and in `/health`, and nowhere else. A sample is
complete only with positive proof that the data reach as far as its window; whatever else happened,
an error, an answer that is cut off or one without anything in it, is no calm.
"""

from responder.sensor.board import Board
from responder.sensor.exposition import EdgeCollector
from responder.sensor.scope import Scope
from responder.sensor.sensor import Sensor

__all__ = ["Board", "EdgeCollector", "Scope", "Sensor"]
