"""The listener over AWS: it drains when it is told to stop, and its health port tells the truth."""

import json
import threading
import time
import urllib.error
import urllib.request

from embedded import END, START, Mllp, code, events
from processes import answers, until


def health(listener):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{listener.health}/health", timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def test_a_frame_in_flight_is_answered_after_sigterm_and_new_connections_are_not_taken(deploy):
    stack = deploy()
    listener = stack.listener()
    assert until("health", lambda: health(listener) == 200)
    message = events()[0].read_bytes()
    sender = Mllp(listener.mllp)
    assert code(sender.exchange(message)) == "AA"
    # A frame whose beginning has come.
    second = events()[1].read_bytes()
    sender.socket.sendall(START + second[:100])
    time.sleep(0.3)
    ended = []
    stopping = threading.Thread(target=lambda: ended.append(listener.stop()))
    stopping.start()
    until("the port to close", lambda: not answers(listener.plain))
    assert health(listener) != 200
    sender.socket.sendall(second[100:] + END)
    while END not in sender.rest:
        some = sender.socket.recv(65536)
        assert some, "the frame in flight got no answer"
        sender.rest += some
    assert code(sender.rest.split(END)[0].lstrip(START)) == "AA"
    sender.close()
    stopping.join(timeout=40)
    assert ended == [0]
    stack.settle()
    assert len([item for item in stack.dead_letters()]) == 0


def test_what_cannot_be_made_durable_is_not_acknowledged(deploy):
    stack = deploy()
    listener = stack.listener()
    until("health", lambda: health(listener) == 200)
    stack.ministack.kill()
    sender = Mllp(listener.mllp)
    assert code(sender.exchange(events()[0].read_bytes())) in ("AE", "CE")
    assert until("health to say so", lambda: health(listener) not in (200, None))
    sender.close()


def test_the_api_refuses_whom_it_does_not_know_and_what_is_no_hl7(deploy):
    stack = deploy()
    assert stack.post(b"MSH|^~\\&|", signed=False)[0] in (401, 403)
    status, body = stack.post(b"{}", content_type="application/json")
    assert status == 415, (status, body)
    status, body = stack.post(b"this is no message")
    assert 400 <= status < 500, (status, body)
    assert json.dumps(stack.waiting())
    assert sum(stack.waiting()[queue] for queue in ("inbound", "notes", "notices")) == 0
