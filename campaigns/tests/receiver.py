"""A webhook's receiver on this machine, whose answers a test chooses."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """Calls that came, as (headers, body). `answers` are given one after another, then 200.

    An answer is (status, headers), or None to hang up without a word.
    """

    def __init__(self):
        self.calls = []
        self.answers = []
        self.url = ""
        self.seconds = 0.0  # from a call to its answer

    @property
    def bodies(self):
        return [json.loads(body) for _headers, body in self.calls]

    @property
    def batches(self):
        """External ids by batch, as a receiver keeps them that goes by the batch's id."""
        return {
            body["batch"]: [user.get("external_id") for user in body["recipients"]]
            for body in self.bodies
        }


@contextmanager
def receiver():
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):  # noqa: N802
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.calls.append((dict(self.headers), body))
            time.sleep(found.seconds)
            answer = found.answers.pop(0) if found.answers else (200, {})
            if answer is None:
                self.close_connection = True
                return
            status, headers = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_anything):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
