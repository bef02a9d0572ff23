"""A receiver of webhooks in Python 3.9 or later, without a library:

    WEBHOOK_SECRET=whsec_... python3 examples/webhooks/receiver.py

With the library (pip install standardwebhooks), replace `verify` by Webhook(secret).verify(body, headers), which raises
WebhookVerificationError.
"""

import base64
import hashlib
import hmac
import json
import os
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300
BODY_BYTES_MAX = 1_000_000


def verify(secret, headers, body):
    """Whether a request was signed with the secret within the last five minutes. headers: lower-case names; body: bytes"""
    event_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit() and abs(time.time() - int(timestamp)) <= TOLERANCE_SECONDS):
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{event_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(
        hmac.compare_digest(one.encode(), expected.encode())
        for one in headers.get("webhook-signature", "").split(" ")
    )


class Receiver:
    """Answers the status of a request, and hands each new event to a queue: work after the answer, not before."""

    def __init__(self, secret):
        self.secret = secret
        self.seen = set()  # Use a table of your database: an event may come twice.
        self.events = queue.Queue()

    def receive(self, headers, body):
        if not verify(self.secret, headers, body):
            return 401
        event = json.loads(body)
        if event["id"] not in self.seen:
            self.seen.add(event["id"])
            self.events.put(event)
        return 204


def serve(receiver, port):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers.get("content-length", 0))
            if length > BODY_BYTES_MAX:
                self.send_response(413)
            else:
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(receiver.receive(headers, self.rfile.read(length)))
            self.send_header("content-length", "0")
            self.end_headers()

    ThreadingHTTPServer(("", port), Handler).serve_forever()


def work(events):
    while True:
        event = events.get()
        print(event["time"], event["type"], event["data"].get("result", ""))


if __name__ == "__main__":
    receiver = Receiver(os.environ["WEBHOOK_SECRET"])
    threading.Thread(target=work, args=(receiver.events,), daemon=True).start()
    serve(receiver, int(os.environ.get("PORT", 3000)))
