import pytest

from tests.office import Office, office

__all__ = ["office"]


@pytest.fixture
def stopped(office: Office) -> Office:
    office.station.close()
    return office
