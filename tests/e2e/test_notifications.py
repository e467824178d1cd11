"""What people hear of an attack, from the detector to Alertmanager."""

import httpx
import pytest
from support.stack import until

pytestmark = pytest.mark.e2e


def told(site, name):
    """Return our alert of this name about the site, None while Alertmanager holds none."""
    alerts = httpx.get(site.stack.url("alertmanager") + "/api/v2/alerts").raise_for_status().json()
    about = {"alertname": name, "target": site.target}
    found = [one for one in alerts if about.items() <= one["labels"].items()]
    return found[0] if found else None


def test_an_attack_is_told_with_its_worst_value_while_it_lasts_and_when_it_is_over(site):
    site.engage()
    alert = until("MitigationEngaged", lambda: told(site, "MitigationEngaged"))
    assert alert["labels"]["site"] == site.name
    assert "mitigation" not in alert["labels"]
    assert alert["annotations"]["reason"] == "OriginLoadAbsolute"
    assert alert["annotations"]["value"] == alert["annotations"]["peak"] == "6"

    site.calm()
    alert = until("MitigationReleased", lambda: told(site, "MitigationReleased"))
    assert alert["annotations"]["reason"] == "calm"
    assert alert["annotations"]["peak"] == "6"
    until("the end of MitigationEngaged", lambda: told(site, "MitigationEngaged") is None)
    assert site.levels_written == ["under_attack", "high"]
