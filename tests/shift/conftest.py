from tests.office import office
from tests.staff.conftest import house

__all__ = ["house", "office"]
