"""Our walk through a routing tree, and Alertmanager's own."""

import subprocess

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.alertmanager import program

from responder.doctor.delivery import WEBHOOK_PATH, delivery
from responder.doctor.examples import HEARTBEAT_EXAMPLE, Example
from responder.doctor.routing_config import parse_routing
from responder.errors import ResponderError
from responder.settings import format_duration
from responder.settings.addresses import Address
from responder.web.webhooks import PATH

RECEIVERS = ("one", "two", "three")
NAMES = ("site", "severity", "role")
VALUES = ("shop", "blog", "x", "")


def matcher(name, operator, value):
    return f'{name}{operator}"{value}"'


MATCHERS = st.builds(
    matcher, st.sampled_from(NAMES), st.sampled_from(["=", "!="]), st.sampled_from(VALUES)
) | st.builds(
    matcher,
    st.sampled_from(NAMES),
    st.sampled_from(["=~", "!~"]),
    st.sampled_from(["shop|blog", ".+", ".*", "s.*", "(shop|x)", "sho", "[a-m]log"]),
)
OWN = st.fixed_dictionaries(
    {},
    optional={
        "receiver": st.sampled_from(RECEIVERS),
        "continue": st.booleans(),
        "matchers": st.lists(MATCHERS, max_size=2),
        "match": st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=1),
        "match_re": st.dictionaries(
            st.sampled_from(NAMES), st.sampled_from(["shop|blog", "b.*"]), max_size=1
        ),
    },
)


def with_children(children):
    return st.builds(lambda own, routes: {**own, "routes": routes}, OWN, children)


ROUTES = st.recursive(OWN, lambda inner: with_children(st.lists(inner, max_size=3)), max_leaves=8)
TREES = st.lists(ROUTES, max_size=4).map(
    lambda routes: {
        "route": {"receiver": "one", "routes": routes},
        "receivers": [{"name": name} for name in RECEIVERS],
    }
)
LABELS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES[:-1]))


def ends(config, labels):
    return [route.receiver for route in parse_routing(yaml.safe_dump(config)).root.ends(labels)]


@pytest.mark.integration
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(config=TREES, labels=LABELS)
def test_an_alert_ends_where_amtool_says(tmp_path, config, labels):
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(config))
    command = [program("amtool"), "config", "routes", "test", f"--config.file={file}"]
    arguments = [f"{name}={value}" for name, value in labels.items()]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)

    assert ",".join(ends(config, labels)) == done.stdout.strip()


def tree(*routes, **root):
    return {"route": {"receiver": "one", **root, "routes": list(routes)}}


CASES = {
    "the root takes what nothing else takes": (tree(), ["one"]),
    "the first that matches": (tree({"receiver": "two"}, {"receiver": "three"}), ["two"]),
    "and the next when it goes on": (
        tree({"receiver": "two", "continue": True}, {"receiver": "three"}),
        ["two", "three"],
    ),
    "a receiver is inherited": (tree({"matchers": ['site="shop"']}), ["one"]),
    "a child before its parent": (
        tree({"receiver": "two", "routes": [{"receiver": "three", "match": {"site": "shop"}}]}),
        ["three"],
    ),
    "a parent whose children do not match": (
        tree({"receiver": "two", "routes": [{"receiver": "three", "match_re": {"site": "sho"}}]}),
        ["two"],
    ),
    "a name in quotes": (tree({"receiver": "two", "matchers": ['"site"=~"s.op"']}), ["two"]),
}


@pytest.mark.parametrize("case", CASES)
def test_an_alert_of_the_shop_ends_there(case):
    config, expected = CASES[case]

    assert ends(config, {"site": "shop"}) == expected


def test_waits_are_inherited_and_time_intervals_are_not():
    inner = {"receiver": "two", "repeat_interval": "1m"}
    outer = {"group_wait": "0s", "mute_time_intervals": ["night"], "routes": [inner]}
    (end,) = parse_routing(yaml.safe_dump(tree(outer, group_interval="5s"))).root.ends({})

    waits = (end.waits.group_wait, end.waits.group_interval, end.waits.repeat_interval)
    assert [format_duration(one) for one in waits] == ["0s", "5s", "1m"]
    assert end.intervals == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("route: [", id="no YAML"),
        pytest.param("route: 1", id="no route"),
        pytest.param("route: {receiver: a, routes: [1]}", id="no route inside"),
        pytest.param("route: {receiver: a, matchers: ['a=~\"(\"']}", id="no expression"),
        pytest.param("route: {receiver: a, matchers: ['a=~\"[[:digit:]]\"']}", id="only in RE2"),
        pytest.param("route: {receiver: a, group_wait: soon}", id="no time"),
        pytest.param("route: {receiver: a}\nreceivers: 1", id="no receivers"),
        pytest.param("route: {receiver: a}\nreceivers: [a]", id="no receiver"),
        pytest.param(f"route: {'{routes: [' * 2000}", id="too deep"),
    ],
)
def test_a_configuration_that_we_cannot_read_is_refused_and_never_guessed(text):
    with pytest.raises(ResponderError, match="its configuration cannot be read"):
        parse_routing(text)


LISTEN = Address("127.0.0.1", 9847)
HERE = f"http://127.0.0.1:9847{WEBHOOK_PATH}"
THERE = f"http://staging:9999{WEBHOOK_PATH}"


def receivers(**urls):
    hooks = {
        name: [{"url": url} if url else {"url_file": "/etc/url"}] for name, url in urls.items()
    }
    document = tree() | {
        "receivers": [{"name": name, "webhook_configs": hook} for name, hook in hooks.items()]
    }
    return delivery(parse_routing(yaml.safe_dump(document)), LISTEN)


@pytest.mark.parametrize(
    ("urls", "ours", "certain"),
    [
        pytest.param({"a": HERE, "b": "http://x/y"}, {"a"}, True, id="our path"),
        pytest.param({"a": HERE, "b": THERE}, {"a"}, True, id="our port before another"),
        pytest.param({"a": f"https://proxy{WEBHOOK_PATH}"}, {"a"}, True, id="through a proxy"),
        pytest.param({"a": "http://[bad", "b": "http://x"}, set(), True, id="none"),
        pytest.param({"to-Responder": "<secret>", "b": None}, {"to-Responder"}, False, id="name"),
        pytest.param({"a": "<secret>"}, {"a"}, False, id="the only one"),
        pytest.param({"a": "<secret>", "b": "<secret>"}, set(), False, id="no telling"),
        pytest.param({"responder": None, "b": HERE}, {"b"}, True, id="a URL before a name"),
    ],
)
def test_a_receiver_is_ours_by_its_url_or_else_by_its_name(urls, ours, certain):
    found = receivers(**urls)

    assert (set(found.webhooks), found.certain) == (ours, certain)


@pytest.mark.parametrize(
    ("http", "scheme", "file"),
    [
        ({}, "", ""),
        ({"authorization": {"credentials_file": "/t"}}, "Bearer", "/t"),
        ({"authorization": {"type": "Token", "credentials": "<secret>"}}, "Token", ""),
        ({"bearer_token": "<secret>"}, "Bearer", ""),
        ({"bearer_token_file": "/t"}, "Bearer", "/t"),
        ({"basic_auth": {"username": "a"}}, "basic_auth", ""),
        ({"oauth2": {"client_id": "a"}}, "oauth2", ""),
    ],
)
def test_what_a_webhook_proves_itself_with_is_read_in_every_spelling(http, scheme, file):
    hook = {"url": HERE, "http_config": http}
    document = tree() | {"receivers": [{"name": "a", "webhook_configs": [hook]}]}
    found = delivery(parse_routing(yaml.safe_dump(document)), LISTEN).webhooks["a"].authorization

    assert (found.scheme, found.file) == (scheme, file)


def test_the_path_of_webhooks_is_that_of_the_service():
    assert WEBHOOK_PATH == PATH


def test_each_way_to_us_is_told_once():
    mine = {"receiver": "a", "matchers": ['mitigation=~".+"']}
    document = tree(mine) | {"receivers": [{"name": "a", "webhook_configs": [{"url": HERE}]}]}
    found = delivery(parse_routing(yaml.safe_dump(document)), LISTEN)
    example = Example("under-attack", {"mitigation": "under_attack"})

    assert [str(way) for way in found.ways([example, HEARTBEAT_EXAMPLE])] == [
        'the route {mitigation=~".+"}'
    ]
