"""The whole chain on loopback: each program with its configuration, its log, and its end."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from responder.demo.addresses import Addresses, free_addresses
from responder.demo.configs import API_FILE, resend_flag, write_configs
from responder.demo.errors import StackError
from responder.demo.plan import LEVEL_FOUND, Plan
from responder.demo.processes import Process, stop_all
from responder.demo.programs import Programs, find_programs
from responder.demo.wait import wait_for
from responder.ports import Clock

__all__ = ["Stack", "prepared_stack", "running_stack"]

START_LIMIT = timedelta(seconds=60)
"""A program that does not answer by then has failed; a machine at work may be slow."""

_RESPONDER = (sys.executable, "-m", "responder")

_ANSWERS = {
    "node_exporter": "/",
    "simulator": "/simulator/state",
    "prometheus": "/-/ready",
    "alertmanager": "/-/ready",
    "responder": "/ready",
}
"""The path at which each program, in the order of starting, shows that it is there."""


@dataclass(frozen=True, slots=True)
class Stack:
    """The programs of a running chain, and where they are."""

    plan: Plan
    addresses: Addresses
    folder: Path
    processes: dict[str, Process]
    clock: Clock

    @property
    def config(self) -> Path:
        """Return the responder's configuration."""
        return self.folder / "responder.yml"

    @property
    def api_token(self) -> str:
        """Return the token of the responder's API."""
        return (self.folder / API_FILE).read_text()

    def url(self, program: str) -> str:
        """Return the base URL of a program."""
        return f"http://{getattr(self.addresses, program)}"

    def start(self) -> None:
        """Start everything; the responder last, when a heartbeat says that the rest is at work."""
        around = [name for name in self.processes if name != "responder"]
        for name in around:
            self.processes[name].start()
        for name in around:
            self.wait_until_up(name)
        # The very first is lost when Prometheus does not know its Alertmanager yet.
        limit = START_LIMIT + self.plan.resend_delay
        wait_for("a first heartbeat in Alertmanager", self._beats, limit, self.clock)
        self.start_one("responder")

    def start_one(self, program: str) -> None:
        """Start one program, or start it again, and wait until it answers."""
        self.processes[program].start()
        self.wait_until_up(program)

    def wait_until_up(self, program: str) -> None:
        """Wait until a started program answers; raise StackError with its log if it does not."""
        process = self.processes[program]

        def answers_or_ended() -> bool:
            return process.exit_code is not None or self._answers(program)

        try:
            wait_for(f"an answer of {program}", answers_or_ended, START_LIMIT, self.clock)
        except StackError as error:
            raise StackError(f"{error}\n{_told(process)}") from error
        if process.exit_code is not None:
            raise StackError(f"{program} ended by itself\n{_told(process)}")

    def _answers(self, program: str) -> bool:
        return self._get(program, _ANSWERS[program]) is not None

    def _beats(self) -> bool:
        answer = self._get("alertmanager", "/api/v2/alerts")
        return answer is not None and "ResponderHeartbeat" in answer

    def _get(self, program: str, path: str) -> str | None:
        try:
            answer = httpx.get(self.url(program) + path, timeout=2, trust_env=False)
        except httpx.HTTPError:
            return None
        return answer.text if answer.is_success else None

    def responder(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the responder against this stack, as its user would."""
        command, *rest = words
        return subprocess.run(  # noqa: S603 - our own program
            [*_RESPONDER, command, "--config", str(self.config), *rest],
            capture_output=True,
            text=True,
            check=False,
            timeout=START_LIMIT.total_seconds(),
        )


@contextmanager
def running_stack(plan: Plan, clock: Clock) -> Iterator[Stack]:
    """Run the whole chain in a temporary folder; leave neither processes nor files behind."""
    with prepared_stack(plan, clock) as stack:
        stack.start()
        yield stack


@contextmanager
def prepared_stack(plan: Plan, clock: Clock) -> Iterator[Stack]:
    """Make everything ready, and start nothing; in the end stop what was started."""
    programs = find_programs()
    with ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="responder-")))
        addresses = free_addresses()
        write_configs(plan, addresses, folder)
        commands = _commands(programs, plan, addresses, folder)
        processes = {
            name: Process(name, commands[name], folder)
            for name in _ANSWERS
            if name != "node_exporter" or not plan.origins
        }
        cleanup.callback(_stop_undisturbed, processes)
        yield Stack(plan, addresses, folder, processes, clock)


def _stop_undisturbed(processes: Mapping[str, Process]) -> None:
    """Stop everything; a second Ctrl-C, out of impatience, must not leave half of it behind."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        stop_all(processes.values())
    finally:
        signal.signal(signal.SIGINT, before)


def _commands(
    programs: Programs, plan: Plan, addresses: Addresses, folder: Path
) -> dict[str, Sequence[str]]:
    zones = [f"--zone={zone}={LEVEL_FOUND}" for zone in plan.zones.values()]
    return {
        "node_exporter": [
            programs.node_exporter,
            f"--web.listen-address={addresses.node_exporter}",
            "--collector.disable-defaults",
            *(f"--collector.{name}" for name in ("cpu", "loadavg", "pressure", "stat")),
        ],
        "simulator": [*_RESPONDER, "simulator", f"--listen={addresses.simulator}", *zones],
        "prometheus": [
            programs.prometheus,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address={addresses.prometheus}",
            f"--rules.alert.resend-delay={resend_flag(plan)}",
        ],
        "alertmanager": [
            programs.alertmanager,
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address={addresses.alertmanager}",
            "--cluster.listen-address=",
        ],
        "responder": [*_RESPONDER, "serve", f"--config={folder / 'responder.yml'}"],
    }


def _told(process: Process) -> str:
    """Return what a program said last, and what to do about it."""
    return (
        f"The end of its log:\n{process.last_lines()}\n"
        f"Its command: {' '.join(process.command)}\n"
        "If a port was taken meanwhile, run it again; else the log says what is wrong."
    )
