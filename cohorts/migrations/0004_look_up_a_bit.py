"""Whether a stored block holds a position, without sending the block to a client.

A block is one roaring container at most, in the portable 64-bit format: nothing when it is
empty, a list of up to 4,096 positions, a plain bitmap of more, or a list of runs. Numbers are
little-endian and of 16 bits. Bytes 13 and 14 tell runs (\\x3b30) from others, 23 and 24 are
the number of positions less one; a list begins at byte 29 like a bitmap, runs at byte 24.
"""

from django.db import migrations

HOLDS = r"""
CREATE FUNCTION cohorts_holds(members bytea, wanted integer) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    header bytea := substring(members, 13, 12);
    has_runs boolean := substring(header, 1, 2) = '\x3b30';
    start integer := CASE WHEN has_runs THEN 23 ELSE 28 END;
    width integer := CASE WHEN has_runs THEN 4 ELSE 2 END;
    low integer := 0;
    high integer;
    middle integer;
BEGIN
    IF header = '' THEN
        RETURN false;
    ELSIF NOT has_runs AND get_byte(header, 11) >= 16 THEN
        -- More than 4,096 positions. A substring of a stored value reads that part alone.
        RETURN get_bit(substring(members, start + 1 + wanted / 8, 1), wanted % 8) = 1;
    END IF;
    members := members || '';  -- read whole, once
    high := (octet_length(members) - start) / width;
    WHILE low < high LOOP
        middle := (low + high) / 2;
        IF get_byte(members, start + middle * width)
           + 256 * get_byte(members, start + middle * width + 1) <= wanted THEN
            low := middle + 1;
        ELSE
            high := middle;
        END IF;
    END LOOP;
    IF low = 0 THEN
        RETURN false;
    END IF;
    start := start + (low - 1) * width;
    RETURN wanted <= get_byte(members, start) + 256 * get_byte(members, start + 1)
        + CASE WHEN has_runs
               THEN get_byte(members, start + 2) + 256 * get_byte(members, start + 3) ELSE 0 END;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("cohorts", "0003_patches_of_blocks")]

    operations = [
        migrations.RunSQL(HOLDS, "DROP FUNCTION cohorts_holds(bytea, integer)"),
    ]
