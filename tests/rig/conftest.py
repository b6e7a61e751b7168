from tests.office import Killed, Office, office

__all__ = ["Killed", "Office", "office"]
