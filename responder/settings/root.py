"""The whole file as one model: the sections by the names that they have in it."""

from pydantic import Field

from responder.settings.fields import Name
from responder.settings.policies import GuardSettings, PolicySettings
from responder.settings.section import Section
from responder.settings.sections import (
    Alertmanager,
    Cloudflare,
    Log,
    Notifications,
    Prometheus,
    Sensor,
    Server,
    Site,
    Store,
)

__all__ = ["Root"]


class Root(Section):
    """All sections, in the order of the reference."""

    server: Server = Server()
    alertmanager: Alertmanager = Alertmanager()
    prometheus: Prometheus = Prometheus()
    cloudflare: Cloudflare = Cloudflare()
    notifications: Notifications = Notifications()
    store: Store = Store()
    sites: dict[Name, Site] = Field(default_factory=dict)
    guards: GuardSettings = GuardSettings()
    policies: tuple[PolicySettings, ...] = ()
    sensor: Sensor = Sensor()
    log: Log = Log()
