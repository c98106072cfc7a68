// The connection to the local Bedrock, an environment that prevents connections to other hosts, and the step runner.
//
// Run a script with `node SCRIPT http://127.0.0.1:PORT` in the project's root, from a folder with the `node_modules` of
// `package.json`, against a server that was started with `--access-key any:any --admin-token any`. The script uses the
// setting that `docs/testing.md` documents for its client.

import assert from "node:assert/strict";
import dns from "node:dns";
import { readFileSync } from "node:fs";

export const URL = process.argv[2];
export const REGION = "us-east-1";

export const CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
export const NOVA = "amazon.nova-lite-v1:0";
export const SONIC = "amazon.nova-2-sonic-v1:0";
export const TITAN = "amazon.titan-embed-text-v2:0";
export const COHERE = "cohere.embed-english-v3";

// Blocks connections to all other hosts.
const { lookup } = dns;
dns.lookup = (host, ...rest) => {
  if (host === "127.0.0.1" || host === "localhost") return lookup(host, ...rest);
  console.error(new Error(`tried to reach ${host}`));
  process.exit(1);
};

/** Sets the environment that the page documents for a client, and returns the name of the equivalent argument. */
export function connect(client) {
  const rows = readFileSync("docs/testing.md", "utf8").split("\n").filter((line) => line.startsWith("|"));
  const cells = rows.map((row) => row.split("|").map((cell) => cell.trim())).find((cells) => cells[1] === client);
  assert(cells, `docs/testing.md has no setting for ${client}`);
  const [variable, argument] = cells.slice(2, 4).map((cell) => cell.split("`")[1]);
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  Object.assign(process.env, {
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    AWS_ACCESS_KEY_ID: "any",
    AWS_SECRET_ACCESS_KEY: "any",
    AWS_REGION: REGION,
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    [variable]: URL,
  });
  return argument;
}

/** Returns the requests of an operation, oldest first. */
export async function requests(operation) {
  const response = await fetch(`${URL}/_local/requests?operation=${operation}`, {
    headers: { Authorization: "Bearer any" },
  });
  return (await response.json()).requests;
}

/** Returns the last request of an operation, which must have succeeded. */
export async function last(operation) {
  const request = (await requests(operation)).at(-1);
  assert.equal(request?.status, 200, operation);
  return request;
}

/** Returns whether the first of three vectors is nearer to the second than to the third. */
export function isNearer([one, near, far]) {
  const product = (other) => one.reduce((sum, value, index) => sum + value * other[index], 0);
  return product(near) > product(far);
}

/** Runs the steps in order and prints a line for each. The first failure ends the script with a stack trace. */
export async function run(...steps) {
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
    console.log(`ok  ${step.name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`);
  }
}
