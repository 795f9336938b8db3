"""The random bucket of a user: one of 10,000, for splitting users up at random. Pure."""

BUCKETS = 10_000

_MASK = 2**64 - 1


def random_bucket(profile_id: int) -> int:
    """0 to 9,999, as good as random and always the same for a profile id.

    The id goes through the finaliser of splitmix64, which turns numbers in a row into numbers
    without a pattern; that is then taken modulo 10,000. It is a promise: splits that somebody
    made once must stay as they are, so neither step may ever change.
    """
    mixed = (profile_id + 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return (mixed ^ (mixed >> 31)) % BUCKETS
