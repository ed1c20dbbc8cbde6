"""The Runtime API of AWS Lambda for one function at a time: hands events out, keeps what comes back.

<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
"""

import http.server
import json
import os
import queue
import subprocess
import threading
import time
import uuid


class RuntimeApi:
    """Serves on a free port of this machine. Use it as a context manager."""

    def __init__(self):
        self.polls = queue.Queue()
        self.answers = queue.Queue()
        self._events = queue.Queue()
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                api.polls.put(time.monotonic())
                body, deadline = api._events.get()
                if body is None:
                    self.close_connection = True
                    return
                headers = {
                    "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
                    "Lambda-Runtime-Deadline-Ms": str(int((time.time() + deadline) * 1000)),
                    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:local",
                    "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
                }
                self.answer(200, body, headers)

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                api.answers.put((self.path.rsplit("/", 1)[-1], body))
                self.answer(202, b"", {})

            def answer(self, status, body, headers):
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = "127.0.0.1:%d" % self._server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._events.put((None, 0))
        self._server.shutdown()
        self._server.server_close()

    def start(self, command, environment=None, output=subprocess.DEVNULL, memory=256):
        """Starts a function; gives the process and when it was started."""
        told = {
            "PATH": os.environ.get("PATH", ""),
            "AWS_LAMBDA_RUNTIME_API": self.address,
            "AWS_LAMBDA_FUNCTION_NAME": "local",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_REGION": "eu-west-1",
            **(environment or {}),
        }
        began = time.monotonic()
        return subprocess.Popen(command, env=told, stdout=output, stderr=output), began

    def call(self, event, patience=60):
        """Hands out one event; gives the kind of the answer (`response`, `error`) and what it holds."""
        self._events.put((json.dumps(event).encode(), patience))
        kind, body = self.answers.get(timeout=patience)
        return kind, json.loads(body) if body else None
