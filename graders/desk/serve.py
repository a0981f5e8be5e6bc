"""Serves the desk on this machine until Ctrl-C."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from graders.desk.app import Desk
from graders.desk.door import Door
from graders.desk.pages import Pages
from graders.errors import OptionError
from graders.grading.handed_in import HandedInFiles
from graders.grading.marking import Marking
from graders.grading.recorded import StaffOptions
from graders.intake.roster import read_roster


@dataclass(frozen=True, kw_only=True)
class DeskOptions(StaffOptions):
    """What to mark, and how."""

    grades: Path
    """The folder that `trivium grade` wrote."""
    person: str
    """Who marks."""
    submissions: tuple[Path, ...] = ()
    """Where the submissions are now; empty: where they were graded."""
    blind: bool = False
    port: int = 0
    """0: a free one."""
    roster: Path | None = None


class DeskServer:
    """The desk, listening: `run` answers until `stop`, or Ctrl-C. Raises UserError, with a one-line message."""

    def __init__(self, options: DeskOptions) -> None:
        if options.roster and not options.submissions:
            raise OptionError("--roster: it names the submissions at --submissions PATH; leave it out")
        marking = Marking(options.grades, options)
        roster = read_roster(options.roster) if options.roster else None
        manifest = marking.assignment.manifest
        files = HandedInFiles(manifest, marking.sources(), options.submissions, roster)
        pages = Pages(marking, files, options.blind, options.person)
        pages.overview()  # what is wrong with the class or its marks is said before anybody opens the page
        self._socket = _listening(options.port)
        self._door = Door(Desk(pages).app, self._socket.getsockname()[1])
        self.address = self._door.address
        config = uvicorn.Config(
            self._door,
            log_level="warning",
            access_log=False,  # it would have the token
            proxy_headers=False,
            server_header=False,
            lifespan="off",
            ws="none",
        )
        self._server = uvicorn.Server(config)

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Answer requests; `ready` is called before the first."""
        ready()
        try:
            self._server.run(sockets=[self._socket])
        except KeyboardInterrupt:  # uvicorn has ended in order, and passes the signal on
            pass
        finally:
            self._socket.close()

    def stop(self) -> None:
        """End `run`, from another thread."""
        self._server.should_exit = True


def _listening(port: int) -> socket.socket:
    """Return a socket of this machine alone."""
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(64)
    except (OSError, OverflowError) as problem:
        listening.close()
        raise OptionError(f"--port {port}: {getattr(problem, 'strerror', None) or 'expected 0 to 65535'}") from None
    return listening
