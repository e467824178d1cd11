"""The configuration: a file's text, the environment and the command line in, settings out.

`load_settings` is the way in; `Settings.inventory()` gives the domain what it decides about.
Every section is a pydantic model, every value knows where it was written, and all problems are
told at once. Neither the clock nor the process environment is read here: mappings come in as
arguments. What a mitigation's options are is an argument too, the registry of mitigations.
"""

from responder.settings.durations import format_duration, parse_duration
from responder.settings.fields import Duration
from responder.settings.file import ConfigFile, find_config
from responder.settings.loading import load_settings
from responder.settings.secret import Secret
from responder.settings.settings import Effective, Settings
from responder.settings.template import template

__all__ = [
    "ConfigFile",
    "Duration",
    "Effective",
    "Secret",
    "Settings",
    "find_config",
    "format_duration",
    "load_settings",
    "parse_duration",
    "template",
]
