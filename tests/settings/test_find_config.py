from pathlib import Path

import pytest

from responder.errors import ConfigError
from responder.settings import find_config

HERE, ETC = Path("responder.yml"), Path("/etc/responder/responder.yml")


@pytest.mark.parametrize(
    ("explicit", "environ", "there", "expected"),
    [
        ("a.yml", {"RESPONDER_CONFIG": "b.yml"}, ["a.yml", "b.yml", HERE], "a.yml"),
        (None, {"RESPONDER_CONFIG": "b.yml"}, ["b.yml", HERE], "b.yml"),
        (None, {"RESPONDER_CONFIG": ""}, [HERE, ETC], HERE),
        (None, {}, [HERE, ETC], HERE),
        (None, {}, [ETC], ETC),
    ],
    ids=["option", "variable", "empty variable", "working directory", "etc"],
)
def test_the_first_place_in_order_is_taken(explicit, environ, there, expected):
    existing = {Path(path) for path in there}
    assert find_config(explicit, environ, existing.__contains__) == Path(expected)


@pytest.mark.parametrize(
    ("explicit", "environ", "said"),
    [
        ("a.yml", {}, "a.yml: there is no such file; correct --config"),
        (None, {"RESPONDER_CONFIG": "b.yml"}, "b.yml: .* correct RESPONDER_CONFIG"),
    ],
    ids=["option", "variable"],
)
def test_a_named_file_that_is_missing_is_never_replaced_by_another(explicit, environ, said):
    with pytest.raises(ConfigError, match=said):
        find_config(explicit, environ, {HERE, ETC}.__contains__)


def test_without_any_file_the_error_lists_where_it_looked():
    with pytest.raises(ConfigError) as caught:
        find_config(None, {}, lambda _: False)
    for place in ("--config", "RESPONDER_CONFIG", str(HERE), str(ETC), "config init"):
        assert place in str(caught.value)
