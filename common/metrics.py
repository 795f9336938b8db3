"""What a process counts while it works; `/metrics` shows it beside what the database knows.

Web servers and workers are several processes: with `PROMETHEUS_MULTIPROC_DIR` naming a
folder that they share, each writes there and any of them can show the sum.

`partner` is the slug of a partner that exists, else `unknown`: what a stranger writes into
a path mustn't become a time series.
"""

from prometheus_client import Counter, Histogram

UNKNOWN = "unknown"

partner_requests_total = Counter(
    "quayside_partner_requests_total",
    "Calls of partners, by the status that answered them.",
    ["partner", "status"],
)
partner_ids_total = Counter(
    "quayside_partner_ids_total", "Ids in accepted calls of partners.", ["partner"]
)
partner_request_seconds = Histogram(
    "quayside_partner_request_seconds",
    "How long a partner's call took, inside the process.",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
apply_seconds = Histogram(
    "quayside_apply_seconds",
    "How long one apply transaction took.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
