"""What the scheduler rings for, and how often. A ring that is late by `expires` is dropped."""

from datetime import timedelta
from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    "ring for pending uploads": {
        "task": "cohorts.tasks.ring",
        "schedule": timedelta(seconds=0.5),
        "options": {"expires": 5},
    },
    "fold known changes": {
        "task": "profiles.tasks.fold_known",
        "schedule": timedelta(seconds=2),
        "options": {"expires": 10},
    },
    "fold changed values": {
        "task": "profiles.tasks.fold_facets",
        "schedule": timedelta(seconds=2),
        "options": {"expires": 10},
    },
    "purge waiting ids": {
        "task": "profiles.tasks.purge_waiting",
        "schedule": timedelta(hours=1),
        "options": {"expires": 600},
    },
    "ring for waiting imports": {
        "task": "imports.tasks.ring",
        "schedule": timedelta(seconds=1),
        "options": {"expires": 5},
    },
    "drop old rejected rows": {
        "task": "imports.tasks.tidy",
        "schedule": timedelta(hours=1),
        "options": {"expires": 600},
    },
    "count cohorts": {
        "task": "cohorts.tasks.count",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 15},
    },
    "tidy up": {
        "task": "cohorts.tasks.tidy",
        "schedule": timedelta(hours=1),
        "options": {"expires": 600},
    },
    "count segments": {
        "task": "segments.tasks.watch_sizes",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 15},
    },
    "thin the history of segments": {
        "task": "segments.tasks.thin_sizes",
        "schedule": timedelta(hours=1),
        "options": {"expires": 600},
    },
    "ring for campaigns": {
        "task": "campaigns.tasks.ring",
        "schedule": timedelta(seconds=1),
        "options": {"expires": 5},
    },
    "trim request log": {
        "task": "partners.tasks.trim_request_log",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "forget ended sessions": {
        "task": "workspaces.tasks.forget_sessions",
        "schedule": timedelta(hours=1),
        "options": {"expires": 600},
    },
    "heartbeat": {
        "task": "workspaces.tasks.beat_heart",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 5},
    },
}
