"""Running checks: none ends another, and none runs for ever."""

import asyncio
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from responder.doctor import CHECKS
from responder.doctor.finding import Status, ok
from responder.doctor.once import Once
from responder.doctor.runner import Check, examine
from responder.errors import ResponderError

ROOT = Path(__file__).parents[2]
BRIEF = timedelta(milliseconds=20)


async def well(_context):
    return [ok("fine")]


async def hanging(_context):
    await asyncio.Event().wait()


async def refused(_context):
    raise ResponderError("somebody else said no")


async def test_a_check_that_hangs_or_cannot_ask_leaves_the_others_alone():
    checks = [Check("a/hangs", hanging), Check("a/refused", refused), Check("a/well", well)]

    late, unasked, fine = await examine(None, checks, BRIEF)

    assert (late.check, late.status, late.seen) == (
        "a/hangs",
        Status.FAILURE,
        "no answer within 0.02 s",
    )
    assert (unasked.status, unasked.seen) == (Status.SKIPPED, "not checked: somebody else said no")
    assert (fine.check, fine.status) == ("a/well", Status.OK)


async def test_a_question_is_put_once_for_all_who_want_its_answer():
    asked = []

    async def ask():
        asked.append(1)
        await asyncio.sleep(0)
        return len(asked)

    question = Once(ask)

    assert await asyncio.gather(question(), question(), question()) == [1, 1, 1]


async def test_a_question_that_fails_fails_for_all():
    async def ask():
        raise ResponderError("no")

    question = Once(ask)

    for _ in range(2):
        with pytest.raises(ResponderError, match="no"):
            await question()


async def test_one_who_gives_up_waiting_does_not_take_the_answer_from_the_rest():
    answered = asyncio.Event()

    async def ask():
        await answered.wait()
        return "answer"

    question = Once(ask)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await question()
    answered.set()

    assert await question() == "answer"


def test_names_are_unique_and_each_is_that_of_its_file():
    names = [check.name for check in CHECKS]
    files = {path.stem for path in (ROOT / "responder/doctor/checks").glob("[a-z]*.py")}

    assert len(set(names)) == len(names)
    assert {name.replace("/", "_").replace("-", "_") for name in names} == files


def test_every_check_has_its_section_in_the_documentation():
    text = (ROOT / "docs/doctor.md").read_text()
    headings = [line[4:] for line in text.splitlines() if line.startswith("### ")]

    assert headings == [check.name for check in CHECKS]


@pytest.mark.integration
def test_the_service_does_without_the_doctor():
    code = (
        "import sys, responder.app\n"
        "print([name for name in sys.modules"
        " if name.startswith(('responder.doctor', 'responder.prometheus'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
