# First path segments that belong to the API; the rest is the dashboard and answers in HTML.
API_ROOTS = frozenset({"partners", "users", "cohorts", "segments", "campaigns", "canvas"})
