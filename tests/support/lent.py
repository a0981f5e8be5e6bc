"""Zygotes that tests share: starting one takes seconds."""

from __future__ import annotations

from dataclasses import dataclass

from graders.sandbox.isolation import Isolation, SandboxError
from graders.sandbox.profile import Profile
from graders.sandbox.zygote import Zygote


class LentZygote(Zygote):
    """A zygote that outlives its engine: closing hands it back, to be lent to the next one."""

    def __init__(self, profile: Profile, isolation: Isolation, free: list[LentZygote]) -> None:
        super().__init__(profile, isolation)
        self.made_for, self.free = (profile, isolation), free

    def close(self) -> None:
        self.free.append(self)

    def works(self) -> bool:
        try:
            self.wait_ready()
            self.reap(self.fork({"utils.py": b""}, 1))
        except SandboxError:  # killed by a test
            return False
        return True


@dataclass(frozen=True)
class Lent:
    """In place of a new zygote, for `with`: one that is started already and stays."""

    zygote: Zygote

    def __enter__(self) -> Zygote:
        return self.zygote

    def __exit__(self, *error: object) -> None:
        pass
