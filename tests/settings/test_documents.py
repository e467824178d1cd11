"""The template and the reference: seams between what is written for people and the models."""

from pathlib import Path

from responder.domain.targets import Mode
from responder.settings import template
from responder.settings.reference import render_reference

REFERENCE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_template_passes_as_soon_as_its_token_files_exist(load, tmp_path):
    for name in ("webhook", "api", "cloudflare"):
        (tmp_path / f"{name}.token").write_text(name)
    settings = load().settings(template().replace("/etc/responder", str(tmp_path)))
    assert settings.warnings == ()
    assert settings.policies[0].mode is Mode.SHADOW
    assert list(settings.sites) == ["shop"]


def test_the_template_lacks_nothing_but_its_token_files(load):
    problems = load().problems(template().replace("/etc/responder", "/nowhere"))
    assert ["does not exist" in problem for problem in problems] == [True] * 3


def test_the_template_names_the_least_privilege_and_the_first_week():
    for words in ("Zone:Read, Zone Settings:Read, Zone Settings:Edit", "first week"):
        assert words in template()


def test_the_committed_reference_is_the_rendered_one():
    assert REFERENCE.read_text() == render_reference(), (
        "run python -m responder.settings.reference > docs/configuration.md"
    )
