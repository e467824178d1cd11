"""The configuration file: where it is found, how it is read, and its tree of values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from responder.errors import ConfigError
from responder.settings.json_format import parse_json
from responder.settings.parsed import Duplicate, MalformedError, Parsed
from responder.settings.toml_format import parse_toml
from responder.settings.tree import KeyPath, Node, Origin, Source, grown
from responder.settings.yaml_format import parse_yaml

__all__ = ["ConfigFile", "find_config"]

_PLACES = (Path("responder.yml"), Path("/etc/responder/responder.yml"))
_FORMATS: dict[str, tuple[str, Callable[[str], Parsed]]] = {
    ".json": ("JSON", parse_json),
    ".toml": ("TOML", parse_toml),
}
_YAML = ("YAML", parse_yaml)


def find_config(
    explicit: Path | str | None,
    environ: Mapping[str, str],
    exists: Callable[[Path], bool] = Path.exists,
) -> Path:
    """Return the file of `--config`, else of RESPONDER_CONFIG, else the first usual place."""
    named = {"--config": explicit, "RESPONDER_CONFIG": environ.get("RESPONDER_CONFIG")}
    for how, name in named.items():
        if name:
            path = Path(name)
            if exists(path):
                return path
            raise ConfigError([f"{path}: there is no such file; correct {how}, which names it"])
    for path in _PLACES:
        if exists(path):
            return path
    looked = ", ".join(["--config", "RESPONDER_CONFIG", *map(str, _PLACES)])
    raise ConfigError([f"no configuration found (looked at {looked}); run responder config init"])


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The text of a configuration file; its suffix says JSON or TOML, anything else is YAML."""

    path: Path
    text: str = field(repr=False)

    @classmethod
    def read(cls, path: Path, read: Callable[[Path], bytes] = Path.read_bytes) -> "ConfigFile":
        """Return the file as it is now; ConfigError when it cannot be read."""
        try:
            return cls(path, read(path).decode())
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise ConfigError([f"{path}: cannot be read ({why})"]) from error
        except UnicodeDecodeError as error:
            raise ConfigError([f"{path}: is not UTF-8 text (byte {error.start})"]) from error

    def tree(self) -> tuple[Node, list[Duplicate]]:
        """Return the values with their places, and the keys set twice; ConfigError if malformed."""
        parsed = self._parsed()
        if parsed.value is None:
            raise ConfigError([f"{self.path}:1: is empty; run responder config init for a start"])
        if not isinstance(parsed.value, dict):
            raise ConfigError(
                [f"{self.path}:{parsed.line(())}: is no mapping; write sections such as `sites:`"]
            )

        def source(path: KeyPath) -> Source:
            return Source(Origin.FILE, str(self.path), parsed.line(path))

        return grown(parsed.value, source), parsed.duplicates

    def _parsed(self) -> Parsed:
        name, parse = _FORMATS.get(self.path.suffix.lower(), _YAML)
        try:
            return parse(self.text.removeprefix("\ufeff"))
        except MalformedError as error:
            place = f":{error.line}:{error.column or 1}" if error.line else ""
            raise ConfigError([f"{self.path}{place}: is not {name}: {error}"]) from None
        except RecursionError:
            raise ConfigError([f"{self.path}: is nested too deeply; make it flatter"]) from None
