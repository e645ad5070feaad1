"""A voice platform's webhook: what a caller says goes to the agent, what the agent answers is said to the caller.

The platform posts `{"call_id": ..., "text": ...}` and reads `{"reply": ...}`. Each call is one conversation: its id is
stored with the call after every answer, and there is none to send before the first.
"""

import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from openai import OpenAI

HEADER = "X-OpenHands-ServerConversation-ID"
client = OpenAI(api_key=os.environ["SESSION_API_KEY"], base_url=os.environ["AGENT_SERVER_URL"] + "/v1")
conversation_of: dict[str, str] = {}


def answer(call_id: str, text: str) -> str:
    known = conversation_of.get(call_id)
    response = client.chat.completions.with_raw_response.create(
        model=os.environ["OPENHANDS_MODEL"],
        messages=[{"role": "user", "content": text}],
        extra_headers={HEADER: known} if known else {},
    )
    conversation_of[call_id] = response.headers[HEADER]
    return response.parse().choices[0].message.content or ""


class Webhook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = json.dumps({"reply": answer(said["call_id"], said["text"])}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)


server = HTTPServer(("127.0.0.1", 0), Webhook)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
