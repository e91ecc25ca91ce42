"""The forward-auth room: a proxy asks about each request, and a policy answers. WSGI without a framework; whatever goes wrong denies.

asked.py finds the request that is meant, gate.py judges it, keys.py keeps the keys fresh, answers.py says it in the words of the proxy,
log.py and metrics.py tell the operator, service.py puts them together for a process. Nothing is kept from one request to the next, so any number of copies answer alike.
"""

from app.forwardauth.answers import PROFILES
from app.forwardauth.asked import SOURCES
from app.forwardauth.gate import Gate
from app.forwardauth.keys import KeyStore
from app.forwardauth.log import DecisionLog
from app.forwardauth.metrics import Metrics
from app.forwardauth.service import CannotLoad, Service, Worker
from app.forwardauth.wsgi import LOOPBACK, ForwardAuth, Options

__all__ = [
    "LOOPBACK",
    "PROFILES",
    "SOURCES",
    "CannotLoad",
    "DecisionLog",
    "ForwardAuth",
    "Gate",
    "KeyStore",
    "Metrics",
    "Options",
    "Service",
    "Worker",
]
