"""The ways into a deployment: the REST API, the listener, a queue, and the directory that an operator fills."""

import hashlib
import os
import urllib.error
import urllib.request

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from commands import run
from deployment import ACCESS_KEY, REGION, SECRET_KEY, Deployment
from processes import answers, built, free_port, until


class WaysIn(Deployment):
    """A deployment that is sent messages."""

    def import_providers(self):
        """Fills the provider directory, as an operator does."""
        run("registers", "import", "providers", "--aws", "--mapping", "events/providers.mapping.toml",
            "events/providers.csv", env={**os.environ, **self.environment()})

    def send(self, queue, body, group, deduplication):
        """Puts a body into a FIFO queue."""
        self.client("sqs").send_message(
            QueueUrl=self.queues[queue], MessageBody=body, MessageGroupId=group,
            MessageDeduplicationId=hashlib.sha256(deduplication.encode()).hexdigest(),
        )

    def post(self, message, content_type="application/hl7-v2", signed=True):
        """POST /hl7, signed as a system with a role signs it; status and body."""
        url = f"http://127.0.0.1:{self.port}/_aws/execute-api/{self.api}/live/hl7"
        request = AWSRequest("POST", url, data=message, headers={"Content-Type": content_type})
        if signed:
            SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "execute-api", REGION).add_auth(request)
        prepared = urllib.request.Request(url, data=message, headers=dict(request.headers), method="POST")
        try:
            with urllib.request.urlopen(prepared, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def listener(self):
        """The listener, as its container runs it."""
        return Listener(self)


class Listener:
    """The listener over the deployment, and where it can be reached."""

    def __init__(self, stack):
        self.plain, self.health = free_port(), free_port()
        environment = {
            **stack.environment(),
            "ZORGSLUIS_LISTENER_PLAIN": f"127.0.0.1:{self.plain}",
            "ZORGSLUIS_LISTENER_HEALTH": f"127.0.0.1:{self.health}",
        }
        self.process = stack.start("listener", [built("listener")], environment)
        until("the listener", lambda: self.process.alive() and answers(self.plain))
        self.mllp = ("127.0.0.1", self.plain)

    def stop(self):
        """SIGTERM, as Fargate sends it; the exit status."""
        return self.process.terminate()
