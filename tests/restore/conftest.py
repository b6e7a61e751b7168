from tests.office import Office, office

__all__ = ["Office", "office"]
