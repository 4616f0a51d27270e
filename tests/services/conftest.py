from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import City
from tests.services.staff import Office, make_office
from tests.services.town import make_town


@pytest.fixture
def office(city: City, people: Callable[..., Any], tmp_path: Path) -> Office:
    return make_office(city, people, tmp_path / "three-steps")


@pytest.fixture
def town(people: Callable[..., Any]) -> City:
    return make_town(people)
