"""Tables and times for people."""

from datetime import UTC, datetime, timedelta

import pytest

from responder.cli.tables import Column, ago, countdown, moment, print_table, printable

NOW = datetime(2026, 11, 20, 10, 0, 0, 999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (timedelta(seconds=59.7), "59s"),
        (timedelta(minutes=4, seconds=12), "4m12s"),
        (timedelta(hours=2, minutes=5, seconds=59), "2h5m"),
        (timedelta(0), "over"),
        (-timedelta(hours=1), "over"),
    ],
)
def test_a_countdown_is_as_fine_as_anybody_counts(left, told):
    assert countdown(NOW + left, NOW) == told


def test_a_moment_of_a_clock_ahead_of_ours_was_just_now():
    assert ago(NOW + timedelta(seconds=3), NOW) == "0s"


def test_moments_are_in_utc():
    assert moment(datetime.fromisoformat("2026-11-20T11:00:00+01:00")) == "2026-11-20T10:00:00Z"


def test_columns_go_in_their_order_until_the_rest_fits(capsys, terminal):
    columns = (Column("ID"), Column("A", spare=2), Column("B", spare=1))
    shown = []
    for width in (40, 24, 15, 5):
        terminal(width)
        print_table(columns, [("i" * 10, "a" * 10, "b" * 10)])
        shown.append(capsys.readouterr().out.splitlines()[0].split())
    assert shown == [["ID", "A", "B"], ["ID", "B"], ["ID"], ["ID"]]


def test_what_is_piped_is_not_cut_whatever_the_environment_says(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    print_table((Column("ID"), Column("DETAIL", spare=1, folds=True)), [("i" * 70, "d" * 200)])
    assert "d" * 200 in capsys.readouterr().out


def test_an_id_that_does_not_fit_is_folded_and_not_cut(capsys, terminal):
    terminal(8)
    print_table((Column("ID"),), [("0123456789abcdef",)])
    assert "".join(capsys.readouterr().out.split()) == "ID0123456789abcdef"


def test_a_text_with_markup_is_shown_as_it_is(capsys):
    print_table((Column("ID"),), [("[red]a[/red] :smile:",)])
    assert "[red]a[/red] :smile:" in capsys.readouterr().out


def test_what_a_terminal_would_obey_is_shown_as_an_escape():
    hostile = "a\x1b[2J\nb\r\x9b31m\u202ec\x7f"
    assert printable(hostile) == r"a\u001b[2J\nb\r\u009b31m\u202ec\u007f"


def test_an_escape_in_a_table_is_neither_obeyed_nor_cut(capsys, terminal):
    terminal(200)
    print_table((Column("ID"), Column("DETAIL", folds=True)), [("i\x1b[31m", "d\u2028\nx")])
    assert capsys.readouterr().out.splitlines()[1].split() == [r"i\u001b[31m", r"d\u2028\nx"]
