"""The workspace that is measured, its keys, and cohorts written without an export."""

from dataclasses import dataclass
from typing import Self

import psycopg
from pyroaring import BitMap64

from bench.export import Door
from common import bitmaps
from config.local.instance import Instance

SLUG, PARTNER = "bench", "tinyclues"

COHORT = """
INSERT INTO cohorts_cohort (workspace_id, partner_id, external_id, name, export_file_name)
SELECT %s, id, %s, '', '' FROM partners_partner WHERE slug = %s RETURNING id
"""
HEAD = """
INSERT INTO cohorts_cohorthead (cohort_id, sequence, ids_received) VALUES (%s, 0, 0)
"""
CURSOR = """
INSERT INTO cohorts_cohortcursor (cohort_id, sequence, ids_applied, attempts, failures, error)
VALUES (%s, 0, 0, 0, 0, '')
"""
BLOCKS = """
INSERT INTO cohorts_block (cohort_id, number, members)
SELECT %s, * FROM unnest(%s::bigint[], %s::bytea[])
"""


@dataclass(frozen=True)
class Workspace:
    id: int
    door: Door
    rest_api_key: str

    @classmethod
    def make(cls, instance: Instance, connection: psycopg.Connection) -> Self:
        instance.manage("create_workspace", SLUG)
        partner_api_key = instance.manage("issue_partner_api_key", PARTNER)
        client_secret = instance.manage("issue_data_import_key", PARTNER, "--workspace", SLUG)
        rest = instance.manage("issue_rest_api_key", "--workspace", SLUG, "--permissions", "all")
        row = connection.execute(
            "SELECT id FROM workspaces_workspace WHERE slug = %s", [SLUG]
        ).fetchone()
        assert row
        keys = (partner_api_key.strip(), client_secret.strip())
        return cls(row[0], Door(instance.port, PARTNER, *keys), rest.strip())

    def write_cohort(
        self, connection: psycopg.Connection, external_id: str, members: BitMap64
    ) -> int:
        """A cohort with those members, as if it had been exported long ago; its id."""
        return self.write_blocks(connection, external_id, bitmaps.split(members))

    def write_blocks(
        self, connection: psycopg.Connection, external_id: str, blocks: dict[int, BitMap64]
    ) -> int:
        """The same, of members that are in blocks already."""
        row = connection.execute(COHORT, [self.id, external_id, PARTNER]).fetchone()
        assert row
        for positions in blocks.values():
            positions.run_optimize()
        serialised = [positions.serialize() for positions in blocks.values()]
        connection.execute(HEAD, [row[0]])
        connection.execute(CURSOR, [row[0]])
        connection.execute(BLOCKS, [row[0], list(blocks), serialised])
        return int(row[0])
