"""The Python SDK: ask the agent, keep the conversation's id, ask again with nothing but the new message."""

import os

from openai import OpenAI

client = OpenAI(api_key=os.environ["SESSION_API_KEY"], base_url=os.environ["AGENT_SERVER_URL"] + "/v1")
model = os.environ["OPENHANDS_MODEL"]

response = client.chat.completions.with_raw_response.create(
    model=model,
    messages=[
        {"role": "system", "content": "Answer directly, unless you need to look into files."},
        {"role": "user", "content": "The code word is heron. Reply with exactly: noted"},
    ],
)
conversation = response.headers["X-OpenHands-ServerConversation-ID"]
print("conversation:", conversation)
print("first:", response.parse().choices[0].message.content)

follow_up = client.chat.completions.create(
    model=model,
    messages=[{"role": "user", "content": "What is the code word?"}],
    extra_headers={"X-OpenHands-ServerConversation-ID": conversation},
)
print("second:", follow_up.choices[0].message.content)
