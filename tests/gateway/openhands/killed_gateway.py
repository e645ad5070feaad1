"""A runtime for a test to kill. Arguments: state folder, URL of the scripted model.

It finishes a turn of each of three conversations, and then begins two turns that don't end: one waits for the model,
the other for a command. The identifiers come on stdout.
"""

import sys
import threading
from pathlib import Path
from uuid import uuid4

from harness.gateway.agents import Text
from harness.gateway.agents.openhands import OpenHandsRuntime
from tests.gateway.openhands.models import profile_settings

runtime = OpenHandsRuntime(Path(sys.argv[1]), tools="default", workspace="per-conversation", secret_key=None)
runtime.load()
runtime.profiles.save("scripted", profile_settings(sys.argv[2]), include_secrets=True)

names = [uuid4() for _ in range(3)]
waiting, working, resting = (runtime.start(name, "scripted", "The instruction word is marble.") for name in names)
for session in (waiting, working, resting):
    session.turn([Text("The code word is heron.")])
endless = {
    waiting: "Reply with exactly: too late\n[[delay: 60]]",
    working: 'Reply with exactly: too late\n[[tool: terminal {"command": "echo ran >> ran.txt; sleep 60"}]]',
}
for session, text in endless.items():
    threading.Thread(target=session.turn, args=[[Text(text)]], daemon=True).start()
print(*names, flush=True)
threading.Event().wait()
