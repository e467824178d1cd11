"""docker-compose.yml and the Dockerfile say what a container engine would take, and what exists."""

import json
import re
import subprocess
import tomllib
from collections import Counter
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator
from support.compose import ROOT, compose, instructions, interpolated, mounts, ports_of

from responder.mitigations.registry import KINDS
from responder.settings import ConfigFile, load_settings
from responder.simulator.state import default_token

PLAIN = compose({})
SERVICES = PLAIN["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"] == "responder:local"}
INSTRUCTIONS = instructions()
PUBLISHED = [re.fullmatch(r"127\.0\.0\.1:(\d+):(\d+)", one) for one in SERVICES["pod"]["ports"]]
LISTENING = {3000: "grafana", 9090: "prometheus", 9093: "alertmanager", 9847: "responder"}


def made_tokens(folder):
    """Run what makes the tokens; return the responder's own folder and that for Alertmanager."""
    places = folder / "state", folder / "tokens"
    for place in places:
        place.mkdir(exist_ok=True)
    subprocess.run(["sh", ROOT / ".docker/tokens", *places], check=True)
    return places


def settings(state, environ):
    """Return what the responder in the pod makes of its configuration."""
    told = compose(environ)["services"]["responder"]["environment"]
    files = {
        f"server.{name}_token_file": str(state / f"{name}.token") for name in ("api", "webhook")
    }
    file = ConfigFile.read(ROOT / ".docker/responder.yml")
    return load_settings(file, KINDS, environ=told, command_line=files)


def each(services):
    return pytest.mark.parametrize(("name", "service"), services.items(), ids=list(services))


@pytest.mark.parametrize("environ", [{}, {"CLOUDFLARE_API_TOKEN": "t", "STORE_URL": "s"}])
def test_the_file_obeys_the_specification(environ):
    schema = json.loads((ROOT / "tests/data/compose-spec.json").read_text())
    problems = [
        f"{error.json_path}: {error.message}"
        for error in Draft7Validator(schema).iter_errors(compose(environ))
    ]
    assert problems == []


def test_the_specification_would_tell_a_mistake():
    schema = json.loads((ROOT / "tests/data/compose-spec.json").read_text())
    wrong = {"services": {"one": {"image": "one", "comand": ["x"]}}}
    assert not Draft7Validator(schema).is_valid(wrong)


@pytest.mark.parametrize(
    ("text", "environ", "value"),
    [
        ("${A:-x}", {}, "x"),
        ("${A:-x}", {"A": "y"}, "y"),
        ("${A:+x}", {}, ""),
        ("${A:+x}", {"A": "y"}, "x"),
        ("${B:-${A:+x}}", {"A": "y"}, "x"),
        ("${B:-${A:+x}}", {"A": "y", "B": "z"}, "z"),
        ("a $$ is one", {}, "a $ is one"),
    ],
)
def test_variables_are_replaced_as_compose_does(text, environ, value):
    assert interpolated(text, environ) == value


def test_no_variable_is_left_over():
    assert "$" not in json.dumps(PLAIN)


@each(SERVICES)
def test_what_is_mounted_exists_and_can_only_be_read(name, service):
    for mount in mounts(service):
        if mount.from_repository:
            assert (ROOT / mount.source).is_dir(), f"{name} mounts {mount.source}"
            assert mount.read_only
        else:
            assert mount.source in PLAIN["volumes"]


def test_every_volume_has_one_writer():
    writers = Counter(
        mount.source
        for service in SERVICES.values()
        for mount in mounts(service)
        if not mount.read_only
    )
    # `tokens` has ended before the responder begins.
    assert writers == dict.fromkeys(PLAIN["volumes"], 1) | {"state": 2}


@each(SERVICES)
def test_a_path_that_a_service_is_told_is_mounted_into_it(name, service):
    told = [*service.get("entrypoint", []), *service.get("command", [])]
    told += service.get("environment", {}).values()
    for path in re.findall(r"(?:^|=)(/[\w./-]+)", "\n".join(told), re.MULTILINE):
        inside = [one for one in mounts(service) if Path(path).is_relative_to(one.target)]
        assert inside, f"{name} is told {path}, which is not mounted"
        if inside[0].from_repository:
            found = ROOT / inside[0].source / Path(path).relative_to(inside[0].target)
            assert found.exists(), f"{name} is told {path}"


def test_the_rule_files_are_where_the_configuration_of_prometheus_looks_for_them():
    (told,) = [one for one in SERVICES["prometheus"]["command"] if "config.file" in one]
    places = {mount.target: ROOT / mount.source for mount in mounts(SERVICES["prometheus"])}
    config = Path(told.partition("=")[2])
    text = (places[str(config.parent)] / config.name).read_text()
    for pattern in yaml.safe_load(text)["rule_files"]:
        folder = config.parent.joinpath(pattern).parent.resolve()
        parent = next(one for one in places if folder.is_relative_to(one))
        assert list((places[parent] / folder.relative_to(parent)).glob("*.yml")), pattern


def test_ports_are_published_once_on_loopback_and_each_has_somebody_who_listens():
    assert all(PUBLISHED)
    outside, inside = [[int(one[side]) for one in PUBLISHED] for side in (1, 2)]
    assert outside == inside == sorted(LISTENING)
    assert [name for name, one in SERVICES.items() if "ports" in one] == ["pod"]
    config = (ROOT / ".docker/responder.yml").read_text()
    for port, name in LISTENING.items():
        service = SERVICES[name]
        listens = [*service.get("command", []), config if name == "responder" else ""]
        listens.append(f"0.0.0.0:{service.get('environment', {}).get('GF_SERVER_HTTP_PORT')}")
        assert any(f"0.0.0.0:{port}" in one for one in listens), f"{name} is not on {port}"


def test_every_address_in_a_mounted_configuration_is_that_of_a_service():
    known = {8787, 9100, *LISTENING}
    files = ["docs/examples/prometheus.yml", "alertmanager/alertmanager.yml"]
    told = "".join((ROOT / one).read_text() for one in [*files, ".docker/responder.yml"])
    assert ports_of(told) <= known
    assert ports_of(json.dumps(SERVICES)) <= known


@each(SERVICES)
def test_all_share_the_namespace_of_the_pod(name, service):
    assert (service.get("network_mode") == "service:pod") is (name != "pod")
    for other in service.get("depends_on", []):
        assert other in SERVICES


@each(SERVICES)
def test_an_image_is_ours_or_one_version(name, service):
    _, _, version = service["image"].partition(":")
    assert re.search(r"\d+\.\d+", version) or name in OURS, name


def test_our_image_is_built_once_and_never_asked_of_a_registry():
    builders = [name for name, one in SERVICES.items() if "build" in one]
    assert builders == ["pod"]
    build = SERVICES["pod"]["build"]
    assert (ROOT / build["context"] / build["dockerfile"]).is_file()
    others = [one for name, one in OURS.items() if name != "pod"]
    assert {one["pull_policy"] for one in others} == {"never"}
    assert all(reaches_pod(one) for one in others)


def reaches_pod(service):
    """Tell whether it starts only when the image has been built."""
    needed = service.get("depends_on", [])
    return "pod" in needed or any(reaches_pod(SERVICES[one]) for one in needed)


@each({**OURS, **{name: SERVICES[name] for name in ("prometheus", "alertmanager")}})
def test_a_service_has_no_more_rights_than_it_needs(name, service):
    assert service["read_only"] is True, name
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_tokens_are_made_once_each_for_those_who_need_it(tmp_path):
    state, tokens = made_tokens(tmp_path)
    webhook = (state / "webhook.token").read_text()
    assert webhook == (tokens / "responder.token").read_text()
    assert webhook != (state / "api.token").read_text()
    assert [path.stat().st_mode & 0o777 for path in sorted(state.iterdir())] == [0o600, 0o600]
    assert (tokens / "responder.token").stat().st_mode & 0o777 == 0o640
    made_tokens(tmp_path)
    assert (state / "webhook.token").read_text() == webhook
    assert (tokens / "responder.token").read_text() == webhook


def test_the_simulator_stands_in_until_a_token_is_given(tmp_path):
    effective = partial(settings, made_tokens(tmp_path)[0])
    loaded = effective({})
    assert loaded.cloudflare.base_url.startswith("http://127.0.0.1:8787/")
    assert loaded.cloudflare.api_token.value() == default_token().value
    assert loaded.policies[0].mode == "enforce"
    loaded = effective({"CLOUDFLARE_API_TOKEN": "given"})
    assert loaded.cloudflare.base_url == "https://api.cloudflare.com/client/v4"
    assert loaded.cloudflare.api_token.value() == "given"
    assert loaded.policies[0].mode == "shadow"


def test_the_image_runs_without_root_and_says_whether_it_is_well():
    words = dict(INSTRUCTIONS)
    users = [text for word, text in INSTRUCTIONS if word == "USER"]
    assert users == ["responder"]
    assert "/ready" in words["HEALTHCHECK"]
    assert words["ENTRYPOINT"] == '["responder"]'
    entry = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert "responder" in entry


def test_the_image_is_given_everything_that_the_package_is_built_from():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]}
    needed |= {*wheel["packages"], *wheel["force-include"]}
    copied = {
        source
        for word, text in INSTRUCTIONS
        if word == "COPY" and not text.startswith("--from")
        for source in text.split()[:-1]
    }
    for path in needed:
        assert Path(path).parts[0] in copied, f"{path} is not copied"
        assert (ROOT / path).exists()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    sent = {line[1:] for line in ignored if line.startswith("!")}
    assert copied == sent
    assert any(fnmatch("responder/__pycache__", line) for line in ignored)


def test_the_files_that_the_page_shows_do_what_it_says(tmp_path):
    page = (ROOT / "docs/docker.md").read_text()
    effective = partial(settings, made_tokens(tmp_path)[0])
    shown = {
        title: dict(line.split("=", 1) for line in text.splitlines())
        for title, text in re.findall(r"```sh\n# (.*?)\n(.*?)```", page, re.DOTALL)
    }
    assert effective(shown[".env"]).cloudflare.api_token.value() == "the-token"
    postgres = shown[".env for PostgreSQL"]
    assert postgres["COMPOSE_PROFILES"] in SERVICES["postgres"]["profiles"]
    assert effective(postgres).store.url == postgres["STORE_URL"]
    account = SERVICES["postgres"]["environment"]
    user, database = re.fullmatch(
        r"postgresql://(\w+)@127\.0\.0\.1/(\w+)", postgres["STORE_URL"]
    ).groups()
    assert (user, database) == (account["POSTGRES_USER"], account["POSTGRES_DB"])
