#!/usr/bin/env bash
# Ask the agent something, then ask again in the same conversation: its id comes and goes in a header.
set -euo pipefail

chat() { # chat BODY [CURL OPTION]...
  local body=$1
  shift
  curl --fail-with-body --silent --show-error --include "$AGENT_SERVER_URL/v1/chat/completions" \
    --header "Authorization: Bearer $SESSION_API_KEY" \
    --header "Content-Type: application/json" \
    --data "$body" "$@"
}

answer=$(chat '{
  "model": "'"$OPENHANDS_MODEL"'",
  "messages": [
    {"role": "system", "content": "Answer directly, unless you need to look into files."},
    {"role": "user", "content": "The code word is heron. Reply with exactly: noted"}
  ]
}')
echo "$answer"

conversation=$(sed -n 's/\r$//; s/^x-openhands-serverconversation-id: //ip' <<<"$answer")
chat '{
  "model": "'"$OPENHANDS_MODEL"'",
  "messages": [{"role": "user", "content": "What is the code word?"}]
}' --header "X-OpenHands-ServerConversation-ID: $conversation"
