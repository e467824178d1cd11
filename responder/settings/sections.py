"""The sections of the configuration but for policies: what each key means, and its default.

The text below each key is what the configuration reference says about it.
"""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from responder.domain.notification_types import SUSTAINING, TRIGGERING
from responder.settings.addresses import Address
from responder.settings.fields import (
    AccountId,
    ApiUrl,
    Count,
    Duration,
    ExistingFile,
    FilePath,
    HttpUrl,
    InlineSecret,
    LabelName,
    ListenAddress,
    MaxmindFile,
    Prefix,
    SecretInFile,
    StoreUrl,
    Switch,
    Text,
    Zone,
)
from responder.settings.secret import Secret
from responder.settings.section import Section

__all__ = [
    "Alertmanager",
    "Cloudflare",
    "HttpAuth",
    "Log",
    "Notifications",
    "Prometheus",
    "Sensor",
    "Server",
    "Site",
    "Store",
    "Tls",
]


class Tls(Section):
    """Serve https instead of http. The files are read again when they change."""

    cert_file: ExistingFile
    """Certificate in PEM, with intermediates. Needed as soon as `tls` is there."""
    key_file: ExistingFile
    """Private key of the certificate in PEM, not encrypted."""
    client_ca_file: ExistingFile | None = None
    """Authority whose client certificates are demanded, on every path and with TLS 1.3. Set it to
    let in only who has one: Alertmanager, Prometheus, and people with `--cert-file`."""


class Server(Section):
    """Where webhooks, the API, the console and metrics are served."""

    listen: ListenAddress = Address("127.0.0.1", 9847)
    """Address and port. Change it when Alertmanager or Prometheus run on another machine; an
    address that is not loopback needs `webhook_token_file`."""
    webhook_token_file: SecretInFile | None = None
    """File with the Bearer token that webhooks must bring. Read again when it changes."""
    api_token_file: SecretInFile | None = None
    """File with the Bearer token of the API and the console; another one than that of the
    webhooks. Without it they can only be read, and only on loopback."""
    tls: Tls | None = None
    """Certificate and key for https. Leave it out behind a proxy that does this."""

    @property
    def webhook_token(self) -> Secret | None:
        """The token that webhooks must bring."""
        return self.webhook_token_file

    @property
    def api_token(self) -> Secret | None:
        """The token of the API and the console."""
        return self.api_token_file


class HttpAuth(Section):
    """How we prove who we are to Alertmanager or Prometheus, and they to us."""

    bearer_token_file: SecretInFile | None = None
    """File with a Bearer token. Either this or a user name."""
    username: Text | None = None
    """User name for Basic authentication; needs `password_file`."""
    password_file: SecretInFile | None = None
    """File with the password of `username`."""
    ca_file: ExistingFile | None = None
    """Authority that signed the server's certificate, in PEM. Left out: those of the system. Read
    at the start and by a reload."""


class Alertmanager(Section):
    """Where alerts and silences are read, and our own alerts are sent."""

    urls: tuple[HttpUrl, ...] = ()
    """Base URLs of all members of the cluster. Empty: webhook-only, a lesser mode that cannot
    see silences and can miss the end of an alert."""
    poll_interval: Duration = timedelta(seconds=5)
    """How often alerts and silences are read. Raise it when a poll takes long."""
    resend_delay: Duration = timedelta(minutes=1)
    """How often Prometheus repeats an alert: its `--rules.alert.resend-delay`. Change it only
    together with Prometheus; heartbeats older than 2.5 times this are no longer believed."""
    heartbeat_labels: tuple[LabelName, ...] = ()
    """External labels that tell Prometheus servers apart, such as `prometheus`. Set them when
    several servers send their alerts to one Alertmanager."""
    webhook_ttl: Duration = timedelta(minutes=15)
    """In webhook-only mode, how long an alert is believed that is not repeated. Keep it above
    Alertmanager's `repeat_interval` and `group_interval`."""
    http: HttpAuth = HttpAuth()
    """Credentials and authority for all `urls`."""


class Prometheus(Section):
    """Where the doctor, the evidence and backtests ask for metrics; decisions never do."""

    url: HttpUrl | None = None
    """Base URL. Left out: those commands have nothing to ask."""
    http: HttpAuth = HttpAuth()
    """Credentials and authority for `url`."""


class Cloudflare(Section):
    """The account that mitigations are switched in: either a token, or email and key."""

    api_token: InlineSecret | None = None
    """API token as it is. Better: `api_token_file`, or the variable
    `RESPONDER_CLOUDFLARE__API_TOKEN`."""
    api_token_file: SecretInFile | None = None
    """File with an API token. Least privilege: Zone:Read, Zone Settings:Read and
    Zone Settings:Edit on the zones under `sites`. Read again when it changes."""
    email: Text | None = None
    """Owner of `api_key`. The old credential, which may do everything: prefer a token."""
    api_key: InlineSecret | None = None
    """Global API key as it is."""
    api_key_file: SecretInFile | None = None
    """File with the global API key."""
    account_id: AccountId | None = None
    """The account that owns the prefixes. Needed as soon as a site has prefixes."""
    base_url: ApiUrl = "https://api.cloudflare.com/client/v4"
    """The API. Change it for a simulator; plain http only on loopback."""
    timeout: Duration = timedelta(seconds=10)
    """How long one call may take."""
    read_interval: Duration = timedelta(minutes=1)
    """How often a mitigation that is on is read; one that is off ten times less often."""

    @property
    def token(self) -> Secret | None:
        """The API token, however it was given."""
        return self.api_token or self.api_token_file

    @property
    def key(self) -> Secret | None:
        """The global API key, however it was given."""
        return self.api_key or self.api_key_file


class Notifications(Section):
    """Cloudflare's notifications, which `/webhooks/cloudflare` takes once there is a secret."""

    secret_file: SecretInFile | None = None
    """File with the secret that Cloudflare sends in `cf-webhook-auth`; another one than all
    tokens. Without it the path is refused. Read again when it changes."""
    maximum_age: Duration = timedelta(hours=1)
    """How long a notification is believed that has no end, and how old it may be when it comes.
    Attack types without an END keep a mitigation on for as long."""
    trigger: tuple[Text, ...] = TRIGGERING
    """Alert types that ask for a mitigation when a site has what is attacked."""
    sustain: tuple[Text, ...] = SUSTAINING
    """Alert types that keep a mitigation that is on. Every other type only informs people."""


class Store(Section):
    """Where state and the audit trail live."""

    url: StoreUrl = Field(default="sqlite:////var/lib/responder/responder.db", repr=False)
    """`sqlite:////absolute/path`, `sqlite:///relative/path`, or `postgresql://user@host/database`
    for several replicas."""
    retention: Duration = timedelta(days=90)
    """How long entries of the audit trail are kept."""


class Site(Section):
    """One thing to protect; its name is the label `site` of alerts. Nothing else is touched."""

    zones: tuple[Zone, ...] = ()
    """Zones by name or id, each in one site only."""
    prefixes: tuple[Prefix, ...] = ()
    """Prefixes advertised on demand, each in one site only."""


class Sensor(Section):
    """What Cloudflare itself measures, as metrics and as proof of calm; docs/edge-sensor.md."""

    enabled: Switch = True
    """Whether prefixes are watched, as soon as there are any. Without it nothing says that an
    attack goes on which only Cloudflare still sees."""
    zones: Switch = False
    """Whether the zones are watched too. The token needs Analytics:Read on them."""
    interval: Duration = timedelta(minutes=1)
    """How often traffic is asked for; other figures more rarely. Data are told by the minute."""
    delay: Duration = timedelta(minutes=3)
    """How late Cloudflare's data are. Raise it when samples are mostly `unproven`."""
    vectors: Count = 5
    """How many attack vectors of a prefix have series of their own; the others are one."""
    geoip_files: tuple[MaxmindFile, ...] = ()
    """MaxMind databases (`.mmdb`: City or Country, and ASN) that tell where top sources are and
    whose. The first one that knows wins. Read again when they change."""


class Log(Section):
    """What is logged, and where to."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged. `debug` shows every read."""
    format: Literal["json", "text"] = "json"
    """`text` is for people, `json` for machines."""
    output: Literal["stdout", "file", "syslog"] = "stdout"
    """Where lines go; `file` needs `file`."""
    file: FilePath | None = None
    """The file of `output: file`."""
    max_size_mb: Count = 100
    """Size in megabytes at which the file is rotated."""
    max_backups: Count = 5
    """How many rotated files are kept."""
