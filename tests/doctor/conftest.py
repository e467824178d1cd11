"""A healthy installation for each test, in a folder of its own."""

import pytest
from doctor.installation import World


@pytest.fixture
def world(tmp_path):
    tmp_path.chmod(0o700)
    return World(tmp_path)
