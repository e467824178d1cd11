"""Whatever is asked of a dataset, there is an answer or a reason."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from responder.simulator import Simulation
from responder.simulator.analytics.answers import Asker, answer
from responder.simulator.analytics.datasets import DATASETS
from responder.simulator.analytics.language import Field, QueryError
from responder.simulator.analytics.traffic import Flow
from responder.simulator.analytics.traffic import Span as Stretch
from responder.simulator.inventory import Account
from responder.simulator.magic.prefix import BgpPrefix, Turn
from responder.simulator.magic.tunnel import Tunnel
from responder.simulator.state import default_token

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
CIDR = "203.0.113.0/24"
NAMES = ("datetime", "date", "destinationPort", "outcome", "tunnelName", "AND", "OR", "odd")
OPERATORS = ("", "_geq", "_lt", "_in", "_like", "_neq", "_gt", "_no")
MOMENTS = ("2026-11-20T09:00:00Z", "2026-11-20", "0001-01-01T00:00:00+14:00", "9999-12-31")
ACCOUNTS = [name for name, dataset in DATASETS.items() if dataset.scope == "accounts"]


def _filters(inner):
    keys = st.builds("{}{}".format, st.sampled_from(NAMES), st.sampled_from(OPERATORS))
    return st.dictionaries(keys, inner, max_size=4)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from((*MOMENTS, "%", "")),
    lambda inner: st.lists(inner, max_size=3) | _filters(inner),
    max_leaves=5,
)


def _simulation() -> Simulation:
    simulation = Simulation()
    simulation.put_bgp_prefix(BgpPrefix(CIDR, turns=(Turn(advertised=True),)))
    simulation.put_tunnel(Tunnel("gre-1"))
    span = Stretch(NOW - timedelta(hours=2))
    simulation.put_traffic(Flow("f", Account().id, span, CIDR, "203.0.113.10", 8, 1))
    return simulation


@given(
    dataset=st.sampled_from(ACCOUNTS),
    where=_filters(values),
    timed=st.sampled_from(({}, {"datetime_geq": MOMENTS[0]})),
    order=values | st.sampled_from(("count_DESC", "datetime_ASC", "odd_ASC")),
    limit=st.sampled_from((1, 10, 0, None, True, "x")),
    fields=st.lists(st.sampled_from(("count", "dimensions", "sum", "avg")), max_size=3),
)
def test_every_query_is_answered_or_refused(dataset, where, timed, order, limit, fields):
    leaves = {
        "dimensions": (Field("d", "datetimeHour"),),
        "sum": (Field("p", "packets"),),
        "avg": (Field("s", "sampleInterval"),),
    }
    parts = tuple(Field(name, name, {}, leaves.get(name, ())) for name in fields)
    rows = Field(
        "rows", dataset, {"filter": where | timed, "orderBy": order, "limit": limit}, parts
    )
    account = Field("accounts", "accounts", {"filter": {"accountTag": Account().id}}, (rows,))
    asker = Asker(_simulation(), default_token(), NOW)

    try:
        told = answer((Field("viewer", "viewer", {}, (account,)),), asker)
    except QueryError as error:
        told = {"error": str(error)}

    assert told.get("error") or len(told["viewer"]["accounts"][0]["rows"]) <= limit
