"""Model wards: the effect of a ward programme on security-and-order indicators, honestly estimated.

The way through the package follows the way of the data: a *study* (the design as data) and its raw returns are
cleaned into a *panel*; estimators turn panel and design into *effects*; inference and checks say how far the
effects can be trusted; reporting writes them down. ``ARCHITECTURE.md`` shows the floors.

Importing this package imports nothing else, so a command that only prints help starts at once.
"""

__version__ = "0.1.0"
