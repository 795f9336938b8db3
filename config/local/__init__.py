"""The instance that `make run` keeps: its own PostgreSQL and Redis, web server, worker, scheduler.

`home` knows where everything lies and is all that the settings import; `instance` runs it,
for `make run` as for the tests that kill and freeze its parts.
"""
