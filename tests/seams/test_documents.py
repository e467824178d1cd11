"""Configurations shown in the documents are taken by the programs that they are for."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from responder.mitigations.registry import KINDS
from responder.settings import ConfigFile, load_settings

ROOT = Path(__file__).parents[2]
REPLICAS = (ROOT / "docs/replicas.md").read_text()
SHOWN = dict(re.findall(r"```yaml\n# (\w+\.yml)\n(.*?)```", REPLICAS, re.DOTALL))


def test_the_configuration_of_a_replica_is_taken(tmp_path):
    text = SHOWN["responder.yml"]
    for number, path in enumerate(sorted(set(re.findall(r"/etc/responder/\S+\.token", text)))):
        token = tmp_path / Path(path).name
        token.write_text(f"a-token-of-forty-characters-0123456789ab{number}")
        token.chmod(0o600)
        text = text.replace(path, str(token))
    path = tmp_path / "responder.yml"
    path.write_text(text)
    settings = load_settings(ConfigFile.read(path), KINDS, environ={}, command_line={})
    assert settings.alertmanager.heartbeat_labels == ("prometheus",)
    assert len(settings.alertmanager.urls) == 2


@pytest.mark.integration
def test_the_configuration_of_the_alertmanagers_is_taken(tmp_path):
    path = tmp_path / "alertmanager.yml"
    path.write_text(SHOWN["alertmanager.yml"])
    subprocess.run(["amtool", "check-config", path], check=True, capture_output=True)
    (ours, _) = yaml.safe_load(SHOWN["alertmanager.yml"])["receivers"]
    assert [one["send_resolved"] for one in ours["webhook_configs"]] == [True, True]


@pytest.mark.integration
def test_the_configuration_of_the_prometheus_servers_is_taken(tmp_path):
    path = tmp_path / "prometheus.yml"
    path.write_text(SHOWN["prometheus.yml"])
    subprocess.run(["promtool", "check", "config", path], check=True, capture_output=True)
