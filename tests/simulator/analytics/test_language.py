"""GraphQL as it is read, and where it stops making sense."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.simulator.analytics.language import Field, QueryError, read_query


def test_a_query_is_read_with_aliases_arguments_and_nesting():
    text = """
    # what came in
    query Traffic($zone: string!, $limit: Int = 10, $tags: [String!]) {
      viewer {
        zones(filter: {zoneTag: $zone, AND: [{a_geq: -1.5e1}, {b: "say \\"hi\\""}]}) {
          top: httpRequestsAdaptiveGroups(limit: $limit, orderBy: [count_DESC], x: null) { count }
        }
      }
    }
    """

    (viewer,) = read_query(text, {"zone": "z"})

    (zones,) = viewer.selection
    assert zones.arguments == {
        "filter": {"zoneTag": "z", "AND": [{"a_geq": -15.0}, {"b": 'say "hi"'}]}
    }
    assert zones.selection == (
        Field(
            "top",
            "httpRequestsAdaptiveGroups",
            {"limit": 10, "orderBy": ["count_DESC"], "x": None},
            (Field("count", "count"),),
        ),
    )


@pytest.mark.parametrize("text", ["{a}", "query{a}", "query Q{a}", "query($x: Int){a}", "{a,}"])
def test_the_head_of_a_query_may_be_short(text: str):
    assert read_query(text, {}) == (Field("a", "a"),)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "expected '{', found the end"),
        ("{a", "expected a name, found the end"),
        ("{}", "selection is empty"),
        ("{a} {b}", "expected the end"),
        ("{a(x: )}", "expected a value"),
        ("{a(x: $y)}", "$y is not defined"),
        ("query($y: Int!){a(x: $y)}", "$y is required"),
        ("{...f}", "expected a name, found '...'"),
        ("mutation {a}", "expected '{', found 'mutation'"),
        ("{a ? b}", "unexpected '?' at character 4"),
        ('{a(x: "\\q")}', "is no string"),
        ("{a" * 40 + "}" * 40, "deeper than 32"),
        ("{a(x: " + "[" * 40, "deeper than 32"),
        ("query($x: " + "[" * 4000, "deeper than 32"),
    ],
    ids=range(14),
)
def test_what_makes_no_sense_is_said(text: str, hint: str):
    with pytest.raises(QueryError) as refused:
        read_query(text, {})
    assert hint in str(refused.value)


@given(st.text(alphabet='{}()[]:$!"\\ab1.#-, \n', max_size=60))
def test_any_text_is_either_read_or_refused(text: str):
    fields = ()
    with contextlib.suppress(QueryError):
        fields = read_query(text, {})
    assert all(isinstance(each, Field) for each in fields)
