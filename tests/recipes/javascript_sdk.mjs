// The JavaScript SDK: ask the agent, keep the conversation's id, ask again with nothing but the new message.
import OpenAI from "openai";

const client = new OpenAI({
  apiKey: process.env.SESSION_API_KEY,
  baseURL: `${process.env.AGENT_SERVER_URL}/v1`,
});
const model = process.env.OPENHANDS_MODEL;

const { data, response } = await client.chat.completions
  .create({
    model,
    messages: [
      { role: "system", content: "Answer directly, unless you need to look into files." },
      { role: "user", content: "The code word is heron. Reply with exactly: noted" },
    ],
  })
  .withResponse();
const conversation = response.headers.get("x-openhands-serverconversation-id");
console.log("conversation:", conversation);
console.log("first:", data.choices[0].message.content);

const followUp = await client.chat.completions.create(
  { model, messages: [{ role: "user", content: "What is the code word?" }] },
  { headers: { "X-OpenHands-ServerConversation-ID": conversation } },
);
console.log("second:", followUp.choices[0].message.content);
