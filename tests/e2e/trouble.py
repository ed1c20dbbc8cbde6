"""What goes wrong in a deployment, on purpose; and what SES tells of mails."""

import contextlib
import datetime
import email
import email.policy
import json
import os
import pathlib
import re
import signal
import urllib.request

from deployment import ACCOUNT, REGION
from readings import Readings


class Trouble(Readings):
    """A deployment in which something goes wrong."""

    def kill_a_function(self, chance):
        """SIGKILL to one running function, if there is one; how many were killed."""
        running = []
        for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, ValueError):
                fields = status.read_text().rsplit(")", 1)
                if fields[0].endswith("(bootstrap") and int(fields[1].split()[1]) == self.ministack.child.pid:
                    running.append(int(status.parent.name))
        if not running:
            return 0
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(running), signal.SIGKILL)
        return 1

    def fault(self, stand_in, count, answer):
        """The next `count` requests of a stand-in are answered so."""
        where = {"healthlake": self.healthlake, "comprehend-medical": self.medical}[stand_in]
        body = json.dumps({"next": count, "answer": answer}).encode()
        request = urllib.request.Request(f"http://{where}/_stand-in/faults", data=body, method="POST",
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10):
            pass

    def tell_of_mails(self):
        """What SES tells of each mail that it took, by way of EventBridge: that it was sent. Settles notices whose
        function was killed before it could write down that it had sent them."""
        sqs = self.client("sqs")
        ids = [item["id"]["S"] for item in self.items("notices")]
        for number, path in enumerate(sorted(self.mails.glob("*.eml"))):
            subject = email.message_from_bytes(path.read_bytes(), policy=email.policy.SMTP)["Subject"]
            short = re.search(r"\[([0-9a-f]{8})\]", subject).group(1)
            (notice,) = [found for found in ids if found.startswith(short)]
            event = mail_event("Send", notice, f"010201-{number}", send={})
            sqs.send_message(QueueUrl=self.queues["mail-events"], MessageBody=event)
        self.settle()


def moment():
    """Now, as SES writes it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def mail_event(kind, notice, message_id, **more):
    """An event of SES as EventBridge hands it on."""
    now = moment()
    return json.dumps({
        "version": "0", "id": message_id, "detail-type": f"Email {kind}", "source": "aws.ses",
        "account": ACCOUNT, "time": now, "region": REGION, "resources": [],
        "detail": {
            "eventType": kind,
            "mail": {"timestamp": now, "messageId": message_id, "tags": {"notice": [notice]}},
            **more,
        },
    })
