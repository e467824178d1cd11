"""What is judged of our own service, its configuration and its store, row by row."""

from dataclasses import replace
from pathlib import Path

import pytest

from responder.doctor.checks import (
    configuration_secrets,
    service_health,
    service_webhook_token,
    service_webhooks,
    store_disk,
    store_durable,
    store_permissions,
    store_writable,
)
from responder.doctor.disk import Disk, disk_of, mount_of
from responder.doctor.finding import Status
from responder.doctor.service import Component
from responder.settings.sections import Tls
from responder.store.probe import StoreProbe

OK, WARNING, FAILURE, SKIPPED = Status.OK, Status.WARNING, Status.FAILURE, Status.SKIPPED
MIB = 1024 * 1024


def statuses(findings):
    return [one.status for one in findings]


@pytest.mark.parametrize(
    ("without", "within", "status"),
    [
        pytest.param(401, 404, OK, id="only with it"),
        pytest.param(404, 404, FAILURE, id="without it too"),
        pytest.param(401, 401, FAILURE, id="not even with it"),
        pytest.param(401, 503, FAILURE, id="unreadable there"),
        pytest.param(404, None, OK, id="none is configured"),
        pytest.param(401, None, FAILURE, id="another configuration runs"),
    ],
)
def test_the_door_opens_to_the_token_and_to_nothing_else(without, within, status):
    assert service_webhook_token.judge(without, within).status is status


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        pytest.param({}, SKIPPED, id="not scraped"),
        pytest.param({"200": 9.8}, OK, id="taken"),
        pytest.param({"200": 0.0, "401": 0.0}, WARNING, id="none came"),
        pytest.param({"200": 0.0, "401": 3.0}, FAILURE, id="all refused"),
        pytest.param({"200": 3.0, "401": 3.0}, WARNING, id="some refused"),
        pytest.param({"503": 3.0}, FAILURE, id="all too busy"),
    ],
)
def test_webhooks_come_and_are_taken(answers, status):
    assert service_webhooks.judge(answers).status is status


def test_only_the_wrong_token_is_blamed_on_the_token():
    assert "token" in service_webhooks.judge({"401": 1.0}).advice
    assert "token" not in service_webhooks.judge({"503": 1.0}).advice


def test_parts_that_are_well_are_told_together_and_others_each():
    parts = [
        Component(name="store", status="ok"),
        Component(name="cloudflare", status="ok"),
        Component(name="am", status="degraded", detail="two heartbeats"),
        Component(name="lease", status="failed"),
    ]

    well, degraded, failed = service_health.judge(parts)

    assert (well.status, well.seen) == (OK, "well: store, cloudflare")
    assert (degraded.status, degraded.subject) == (WARNING, "am")
    assert failed.status is FAILURE


@pytest.mark.parametrize(
    ("mode", "status"),
    [(0o600, OK), (0o400, OK), (0o640, WARNING), (0o604, WARNING), (0o660, WARNING)],
)
def test_a_secret_is_its_owners_alone(mode, status):
    finding = configuration_secrets.judge("cloudflare.api_token_file", Path("/t"), mode)

    assert finding.status is status


def test_every_secret_is_looked_for_wherever_it_may_be(world):
    password = world.write("password", "p")
    world.config["prometheus"]["http"] = {"username": "a", "password_file": str(password)}
    settings = world.settings()
    tls = Tls.model_construct(cert_file=Path("/cert"), key_file=Path("/key"), client_ca_file=None)
    server = settings.server.model_copy(update={"tls": tls})

    found = dict(configuration_secrets.secret_files(replace(settings, server=server)))

    assert found == {
        "server.webhook_token_file": world.folder / "webhook.token",
        "server.tls.key_file": Path("/key"),
        "prometheus.http.password_file": password,
        "cloudflare.api_token_file": world.folder / "cloudflare.token",
    }


def test_a_secret_that_stands_in_the_configuration_makes_it_one_too(world, monkeypatch):
    monkeypatch.chdir(world.folder)
    world.write("responder.yml", "")
    del world.config["cloudflare"]["api_token_file"]
    world.config["cloudflare"]["api_token"] = "cfut_s3cret"

    found = dict(configuration_secrets.secret_files(world.settings()))

    assert found["cloudflare.api_token"] == Path("responder.yml")


PROBE = StoreProbe("SQLite 3.40.1", schema="0002", expected="0002")


@pytest.mark.parametrize(
    ("probe", "status"),
    [
        pytest.param(PROBE, OK, id="ours"),
        pytest.param(StoreProbe("x", None, "0002"), OK, id="empty"),
        pytest.param(StoreProbe("x", "0001", "0002"), WARNING, id="older"),
        pytest.param(StoreProbe("x", "0003", "0002"), FAILURE, id="newer"),
        pytest.param(
            StoreProbe("x", "0002", "0002", lacking=("INSERT on events",)), FAILURE, id="no right"
        ),
    ],
)
def test_a_store_is_of_our_version_and_can_be_written_to(probe, status):
    assert statuses(store_writable.judge(probe, "here")) == [status]


@pytest.mark.parametrize(
    ("is_there", "writable", "status"),
    [(True, True, OK), (True, False, FAILURE), (False, False, FAILURE)],
)
def test_a_store_that_does_not_exist_yet_needs_its_folder(is_there, writable, status):
    finding = store_writable.judge_missing(Path("/var"), is_there=is_there, writable=writable)

    assert finding.status is status


def test_a_server_must_not_forget_what_it_has_acknowledged():
    assert store_durable.judge(()).status is OK
    assert store_durable.judge(("synchronous_commit",)).status is FAILURE


@pytest.mark.parametrize(
    ("kind", "free", "expected"),
    [
        pytest.param("ext4", 9999, [OK], id="local"),
        pytest.param("", 9999, [OK], id="unknown"),
        pytest.param("nfs4", 9999, [FAILURE], id="network"),
        pytest.param("fuse.sshfs", 9999, [FAILURE], id="network through fuse"),
        pytest.param("overlay", 9999, [WARNING], id="container"),
        pytest.param("ext4", 100, [WARNING], id="little room"),
        pytest.param("ext4", 10, [FAILURE], id="no room"),
        pytest.param("tmpfs", 10, [WARNING, FAILURE], id="memory, and no room"),
    ],
)
def test_a_disk_is_local_lasting_and_has_room(kind, free, expected):
    assert statuses(store_disk.judge(Disk(kind, "/var", free * MIB))) == expected


MOUNTS = [
    "rootfs / rootfs rw 0 0",
    "/dev/sda1 / ext4 rw,relatime 0 0",
    "server:/vol /var/lib nfs4 rw 0 0",
    r"/dev/sdb1 /mnt/my\040disk xfs rw 0 0",
    "odd",
    "",
]


@pytest.mark.parametrize(
    ("path", "mount"),
    [
        ("/etc", ("/", "ext4")),
        ("/var/lib/responder", ("/var/lib", "nfs4")),
        ("/var/library", ("/", "ext4")),
        ("/mnt/my disk/responder.db", ("/mnt/my disk", "xfs")),
    ],
)
def test_the_file_system_of_a_path_is_the_one_mounted_nearest_above_it(path, mount):
    assert mount_of(Path(path), MOUNTS) == mount


def test_a_disk_is_looked_at_even_when_the_file_is_still_to_come(tmp_path):
    assert disk_of(tmp_path / "a" / "b.db").free > 0


@pytest.mark.parametrize(
    ("file", "folder", "expected"),
    [
        (0o100600, 0o040755, [OK]),
        (0o100644, 0o040755, [WARNING]),
        (0o100600, 0o040777, [WARNING]),
        (0o100600, 0o041777, [OK]),
        (0o100640, 0o040775, [WARNING, WARNING]),
    ],
)
def test_only_its_owner_changes_the_store(file, folder, expected):
    found = store_permissions.judge({Path("/a/b.db"): file, Path("/a"): folder})

    assert statuses(found) == expected
