"""How big the run is, from the environment."""

from dataclasses import dataclass
from typing import Self

import environ

PARTS = (
    *("import", "export", "reach", "members", "claims", "identities", "attributes", "builder"),
    "campaigns",
)


@dataclass(frozen=True)
class Setting:
    parts: list[str]  # that are measured
    users: int  # in the workspace, and in the file that is imported
    cohort: int  # ids in the exported cohort
    connections: int  # that the export uses at once
    rounds: int  # of export and baseline, taking turns
    reaches: int  # reach requests
    cohorts: int  # that an identify, merge or delete has to look into
    identities: int  # calls of each of the three
    mails: int  # recipients of the campaign by email
    called: int  # and of the one by webhook
    kills: int  # of the worker, while each of the two is sent

    @classmethod
    def from_environment(cls) -> Self:
        env = environ.Env()
        users = env.int("BENCH_USERS", default=1_000_000)
        return cls(
            parts=env.list("BENCH_PARTS", default=list(PARTS)),
            users=users,
            cohort=env.int("BENCH_COHORT", default=users // 2),
            connections=env.int("BENCH_CONNECTIONS", default=4),
            rounds=env.int("BENCH_ROUNDS", default=5),
            reaches=env.int("BENCH_REACHES", default=500),
            cohorts=env.int("BENCH_COHORTS", default=2_000),
            identities=env.int("BENCH_IDENTITIES", default=200),
            mails=env.int("BENCH_MAILS", default=users // 10),
            called=env.int("BENCH_CALLED", default=users),
            kills=env.int("BENCH_KILLS", default=0),
        )
