"""The demo community, "Open Stage": eighteen months of musicians helping each other onto a stage.

Pure data, no models: `generate(seed, now)` gives the same community for the same arguments. What people wrote is under
`content/`, in files that a writer can edit; whoever loads it uses the stable keys, so that loading twice changes nothing.
"""

from milepost.outward.starting.demo.generating import generate
from milepost.outward.starting.demo.records import DemoCommunity

__all__ = ["DemoCommunity", "generate"]
