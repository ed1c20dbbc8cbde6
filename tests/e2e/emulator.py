"""MiniStack, but that its SES v2 hands raw mail on as it came.

MiniStack 1.5.33 takes a raw mail of SES v2 apart and relays a text of its own making, so that nobody could see what a
provider is sent. Here the relay gets the bytes of the request; nothing else differs.
"""

import base64
import threading

from ministack.app import main
from ministack.services import ses_v2

_raw = threading.local()
_parse, _build = ses_v2._parse_raw_mime, ses_v2._build_mime_message


def _remember(data):
    _raw.mail = data
    return _parse(data)


def _as_it_came(*arguments):
    data, _raw.mail = getattr(_raw, "mail", None), None
    if data is None:
        return _build(*arguments)
    return base64.b64decode(data).decode("utf-8", errors="surrogateescape")


ses_v2._parse_raw_mime, ses_v2._build_mime_message = _remember, _as_it_came

if __name__ == "__main__":
    main()
