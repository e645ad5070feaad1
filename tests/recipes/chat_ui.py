"""A chat UI such as Open WebUI or LibreChat: threads that resend their whole history, streaming switched off.

A UI that can keep a response header and send a request header maps each thread to its conversation. One that can't
has one-shot tasks: each request is a conversation of its own, whatever history it carries.
"""

import os
from dataclasses import dataclass, field

from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam

HEADER = "X-OpenHands-ServerConversation-ID"
client = OpenAI(api_key=os.environ["SESSION_API_KEY"], base_url=os.environ["AGENT_SERVER_URL"] + "/v1")


@dataclass
class Thread:
    """What the UI shows as one chat."""

    keeps_header: bool
    history: list[ChatCompletionMessageParam] = field(default_factory=list)
    conversation: str | None = None

    def say(self, text: str) -> str:
        self.history.append({"role": "user", "content": text})
        response = client.chat.completions.with_raw_response.create(
            model=os.environ["OPENHANDS_MODEL"],
            messages=self.history,
            stream=False,
            temperature=0.7,
            user="ui-user",
            extra_headers={HEADER: self.conversation} if self.conversation else {},
        )
        if self.keeps_header:
            self.conversation = response.headers[HEADER]
        answer = response.parse().choices[0].message.content or ""
        self.history.append({"role": "assistant", "content": answer})
        return answer


print("models:", *(model.id for model in client.models.list()))
for name, thread in {"threads": Thread(keeps_header=True), "one-shot": Thread(keeps_header=False)}.items():
    print(f"{name}, first:", thread.say("The code word is heron. Reply with exactly: noted"))
    print(f"{name}, second:", thread.say("What is the code word?"))
