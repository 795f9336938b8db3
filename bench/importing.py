"""How fast `import_users` takes in users, in a workspace of its own."""

import csv
import tempfile
from pathlib import Path
from time import monotonic

from bench import people
from bench.table import rate
from config.local.instance import Instance

USERS = 100_000
SLUG = "bench-import"


def measure(instance: Instance) -> str:
    """Users a second, the command's own start included."""
    instance.manage("create_workspace", SLUG)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "users.csv"
        with file.open("w", newline="") as text:
            writer = csv.writer(text)
            writer.writerow(["external_id", "email", "country"])
            for number in range(USERS):
                user = people.external_id(number)
                writer.writerow([user, f"{user[:8]}@example.com", "FR"])
        start = monotonic()
        instance.manage("import_users", str(file), "--workspace", SLUG)
        return f"{rate(USERS, monotonic() - start)} ({USERS:,} users)"
