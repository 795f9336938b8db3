"""Write changes of attributes to many users at once."""

import json
from collections.abc import Mapping

from django.db import connection

from profiles.attributes import Patch

# Steps go from what the attributes are once the row is ours.
_LOCK = """
SELECT id, CASE WHEN id = ANY(%s::bigint[]) THEN attributes END FROM profiles_profile
WHERE id = ANY(%s::bigint[]) AND workspace_id = %s ORDER BY id FOR NO KEY UPDATE
"""

# A set of names goes in as JSON, because arrays of arrays must be rectangular.
_STORE = """
UPDATE profiles_profile AS profile
SET attributes = (profile.attributes
        - ARRAY(SELECT jsonb_array_elements_text(new.removed))) || new.set,
    updated_at = now()
FROM unnest(%s::bigint[], %s::jsonb[], %s::jsonb[]) AS new (id, set, removed)
WHERE profile.id = new.id AND profile.workspace_id = %s
"""


def store(workspace_id: int, patches: Mapping[int, Patch]) -> None:
    """Change the attributes of those profiles, in two statements however many there are."""
    ids = sorted(profile_id for profile_id, patch in patches.items() if patch)
    if not ids:
        return
    stepping = [profile_id for profile_id in ids if patches[profile_id].steps]
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [stepping, ids, workspace_id])
        for profile_id, attributes in cursor.fetchall():
            if attributes is not None:
                patches[profile_id].settle(json.loads(attributes))
        changed = [profile_id for profile_id in ids if patches[profile_id]]
        values = [patches[profile_id].as_json() for profile_id in changed]
        removed = [json.dumps(sorted(patches[profile_id].removed)) for profile_id in changed]
        cursor.execute(_STORE, [changed, values, removed, workspace_id])
