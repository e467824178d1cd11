"""The options of `responder mnm`: what can be said of a rule."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from responder.cli.quantities import quantity

__all__ = ["Name", "NewName", "RuleFile", "Said", "Sflow"]

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of the rule.")]
_Prefixes = Annotated[
    list[str] | None,
    typer.Option("--prefix", metavar="CIDR", show_default=False, help="May be repeated."),
]
_Bits = Annotated[
    float | None,
    typer.Option(
        "--bits",
        metavar="NUMBER",
        parser=quantity,
        show_default=False,
        help="Trigger above so many bits a second, such as 2G.",
    ),
]
_Packets = Annotated[
    float | None,
    typer.Option(
        "--packets",
        metavar="NUMBER",
        parser=quantity,
        show_default=False,
        help="Trigger above so many packets a second, such as 500k.",
    ),
]
_For = Annotated[
    str | None,
    typer.Option(
        "--duration",
        metavar="DURATION",
        show_default=False,
        help="How long it must be above: 1m, 5m, 10m, 15m, 20m, 30m, 45m or 60m.",
    ),
]
_Sensitivity = Annotated[
    str | None,
    typer.Option(
        "--zscore",
        metavar="SENSITIVITY",
        show_default=False,
        help="Trigger on what is unusual: low, medium or high.",
    ),
]
_Of = Annotated[
    str | None,
    typer.Option("--of", metavar="WHAT", show_default=False, help="Of --zscore: bits or packets."),
]
_Match = Annotated[
    str | None,
    typer.Option(
        "--match",
        metavar="HOW",
        show_default=False,
        help="Of --sflow, which prefixes are advertised: exact, subnet (advised) or supernet.",
    ),
]
_Advertise = Annotated[
    bool | None,
    typer.Option(
        "--auto-advertise/--no-auto-advertise",
        show_default=False,
        help="Whether Cloudflare advertises the prefixes by itself when it triggers.",
    ),
]
Sflow = Annotated[
    bool, typer.Option("--sflow", help="Let Cloudflare find attacks in sFlow data; no threshold.")
]
NewName = Annotated[
    str | None,
    typer.Option("--rename", metavar="NAME", show_default=False, help="The new name."),
]
RuleFile = Annotated[Path, typer.Argument(metavar="FILE", help="A file that export wrote.")]


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a rule; each field is an option."""

    prefixes: _Prefixes = None
    bits: _Bits = None
    packets: _Packets = None
    lasts: _For = None
    zscore: _Sensitivity = None
    target: _Of = None
    match: _Match = None
    advertise: _Advertise = None

    def fields(self) -> dict[str, object]:
        """Return it by the names of the API, without what was not said."""
        said = {
            "prefixes": self.prefixes,
            "bandwidth_threshold": self.bits,
            "packet_threshold": self.packets,
            "duration": self.lasts,
            "zscore_sensitivity": self.zscore,
            "zscore_target": self.target,
            "prefix_match": self.match,
            "automatic_advertisement": self.advertise,
        }
        return {name: value for name, value in said.items() if value is not None}
