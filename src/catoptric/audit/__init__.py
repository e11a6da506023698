"""The audit: a skew split into the shares of data, model and each knob of the interface.

skew = deployed - target
     = (data - target) + (reference - data) + (deployed - reference)
"""

from catoptric.audit.flow import (
    Audit,
    audit,
    default_folder,
)
from catoptric.audit.given import last_request
from catoptric.audit.hands import default_workers
from catoptric.audit.knobs import default_knobs
from catoptric.audit.request import Request
from catoptric.audit.result import to_json

__all__ = [
    "Audit",
    "Request",
    "audit",
    "default_folder",
    "default_knobs",
    "default_workers",
    "last_request",
    "to_json",
]
