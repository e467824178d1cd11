import os
from pathlib import Path

import pytest

from responder.errors import ConfigError
from responder.settings.secret import Secret, SecretFile


def test_a_secret_is_never_shown_by_repr_str_or_format():
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"
    assert secret.value() == "hunter2"


def test_a_secret_in_a_file_shows_its_path_and_nothing_of_its_text(secret_file):
    path = secret_file(text="hunter2\n")
    secret = SecretFile(path)
    assert "hunter2" not in f"{secret} {secret!r}"
    assert str(path) in repr(secret)
    assert secret.value() == "hunter2"


def test_a_file_that_was_replaced_is_read_again(secret_file, tmp_path):
    path = secret_file(text="old")
    secret = SecretFile(path)
    new = tmp_path / "new"
    new.write_text("new")
    new.replace(path)
    assert secret.value() == "new"


def test_a_file_that_was_changed_in_place_is_read_again(secret_file):
    path = secret_file(text="old")
    secret = SecretFile(path)
    path.write_text("new")
    os.utime(path, ns=(1, 1))
    assert secret.value() == "new"


def test_a_file_that_did_not_change_is_not_read_again(secret_file):
    reads = []

    def read(path: Path) -> bytes:
        reads.append(path)
        return path.read_bytes()

    secret = SecretFile(secret_file(), read=read)
    assert [secret.value(), secret.value()] == ["in-a-file", "in-a-file"]
    assert len(reads) == 1


def test_the_last_good_value_stands_while_the_file_is_missing_or_empty(secret_file):
    path = secret_file(text="good")
    secret = SecretFile(path)
    path.unlink()
    assert secret.value() == "good"
    path.write_text("")
    assert secret.value() == "good"
    path.write_text("better")
    assert secret.value() == "better"


def test_a_file_that_became_unreadable_is_an_error_that_names_it(secret_file):
    path = secret_file(text="good")

    def stamp(path: Path) -> tuple[int, int, int]:
        if path.read_text() == "closed":
            raise PermissionError(13, "Permission denied")
        return (0, 0, 0)

    secret = SecretFile(path, stamp=stamp)
    path.write_text("closed")
    with pytest.raises(ConfigError, match=f"{path} cannot be read .Permission denied"):
        secret.value()


def test_a_file_that_became_nonsense_is_an_error_without_its_text(secret_file):
    path = secret_file(text="good")
    secret = SecretFile(path)
    path.write_text("hunter2\nhunter3\n")
    with pytest.raises(ConfigError, match="more than one line") as caught:
        secret.value()
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"one\ntwo\n", "more than one line"),
        (b"\xff\xfe", "not UTF-8"),
    ],
    ids=["empty", "blank", "two lines", "binary"],
)
def test_a_file_that_holds_no_secret_is_refused_at_once(tmp_path, content, said):
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        SecretFile(path)


def test_a_file_that_cannot_be_read_is_refused_at_once(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        SecretFile(tmp_path / "missing")
    with pytest.raises(ConfigError, match="cannot be read"):
        SecretFile(tmp_path)
