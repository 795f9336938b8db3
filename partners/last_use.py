"""When a partner's keys were last used, and from where; written at most once a minute."""

from django.db import connection

from partners.authentication import Caller

# In the order in which accepting a request writes them (`cohorts.partner_api.inbox`).
NOTE = """
WITH used AS (
    UPDATE partners_dataimportkey
       SET last_used_at = now(), last_used_from = %(address)s::inet
     WHERE id = %(key)s
       AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
)
UPDATE partners_partnerapikey
   SET last_used_at = now(), last_used_from = %(address)s::inet
 WHERE id = %(partner_key)s
   AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
"""


def note(caller: Caller) -> None:
    """Note a call that stored no users; accepting users notes it in its own statement.

    Comes last in a transaction, if in any: many calls wait for these two rows.
    """
    if not caller.stale_last_use:
        return
    parameters = {
        "key": caller.key_id,
        "partner_key": caller.partner_key_id,
        "address": caller.address,
    }
    with connection.cursor() as cursor:
        cursor.execute(NOTE, parameters)
