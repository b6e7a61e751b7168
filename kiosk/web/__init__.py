"""The operator's touchscreen: screens are a function of the books; the browser keeps no state of record."""

from kiosk.web.app import create_app
from kiosk.web.broken import create_broken_app
from kiosk.web.house import House
from kiosk.web.server import WebServer

__all__ = ["House", "WebServer", "create_app", "create_broken_app"]
