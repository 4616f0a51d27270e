from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import City
from tests.services.staff import Office, make_office


@pytest.fixture
def office(city: City, people: Callable[..., Any], tmp_path: Path) -> Office:
    return make_office(city, people, tmp_path / "three-steps")
