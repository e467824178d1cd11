import pytest
from support.installation import Setup


@pytest.fixture
async def setup():
    one = Setup()
    yield one
    for event in one.provider.hanging.values():
        event.set()
    if one.one is not None:
        await one.one._turns.stop()
