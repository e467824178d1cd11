import pytest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alertmanager: {}", "responder.yml:3: alertmanager.urls: webhook-only"),
        ("alertmanager: {urls: []}", "responder.yml:3: alertmanager.urls: webhook-only"),
        (
            "alertmanager: {urls: [http://a], poll_interval: 2m}",
            "responder.yml:3: alertmanager.poll_interval: is longer than resend_delay (1m)",
        ),
        (
            "alertmanager: {urls: [http://a], resend_delay: 11m}",
            "guards.calm_period: is below 1.5 x resend_delay (16m30s)",
        ),
        ("guards: {calm_period: 89s}", "guards.calm_period: is below 1.5 x resend_delay (1m30s)"),
        ("guards: {minimum_duration: 9s}", "guards.minimum_duration: is below 10s"),
        ("guards: {maximum_sustain: 13h}", "guards.maximum_sustain: is above maximum_duration"),
        (
            "policies: [{name: a, mitigation: under_attack, minimum_duration: 9s}]",
            "responder.yml:3: policies[0].minimum_duration: is below 10s",
        ),
        ("cloudflare: {api_token: a, timeout: 2m}", "responder.yml:3: cloudflare.timeout: a hang"),
        ("log: {file: a.log}", "responder.yml:3: log.file: has no effect while output is stdout"),
    ],
)
def test_what_is_unwise_is_accepted_with_one_warning(load, text, said):
    sections = {
        "sites": "sites: {a: {zones: [example.com]}}",
        "cloudflare": "cloudflare: {api_token: a}",
        "alertmanager": "alertmanager: {urls: [http://a]}",
    }
    sections.pop(text.partition(":")[0], None)
    lines = [*sections.values(), *["# no more"] * (2 - len(sections))]
    (warning,) = load().settings("\n".join([*lines[:2], text, *lines[2:]])).warnings
    assert said in warning


def test_a_sensible_configuration_has_no_warnings(load):
    assert load().settings(load().minimal).warnings == ()
