"""Write the dashboards into a folder: `python3 -m grafana.generator [FOLDER]`."""

import json
import sys
from pathlib import Path

from grafana.generator import (
    attack_timeline,
    automation,
    cloudflare,
    overview,
    pipeline,
    prefixes,
    thresholds,
)

COMMITTED = Path(__file__).parents[1] / "dashboards"
DASHBOARDS = (
    overview.DASHBOARD,
    attack_timeline.DASHBOARD,
    thresholds.DASHBOARD,
    cloudflare.DASHBOARD,
    automation.DASHBOARD,
    pipeline.DASHBOARD,
    prefixes.DASHBOARD,
)


def write(folder: Path) -> None:
    """Write each dashboard as a file of its name."""
    folder.mkdir(parents=True, exist_ok=True)
    for dashboard in DASHBOARDS:
        text = json.dumps(dashboard.json(), indent=2, sort_keys=True, ensure_ascii=False)
        (folder / f"{dashboard.name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if sys.argv[1:] else COMMITTED)
