// Reads answers with the schemas that hey-api has made of an OpenAPI document, and says of each what it read.
//
// usage: zod_calls.mjs SCHEMAS.js CALLS.json READ.json
//
// A call is the id of an operation and its answer. A number of 64 bits is read as a BigInt.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [schemas, calls, told] = process.argv.slice(2);
const known = await import(pathToFileURL(schemas));
const plain = (name, value) => (typeof value === "bigint" ? Number(value) : value);
const nameOf = (id) => `z${id.split("_").map((word) => word[0].toUpperCase() + word.slice(1)).join("")}Response`;
const read = JSON.parse(readFileSync(calls)).map(([id, answer]) => {
  const { data, error } = known[nameOf(id)].safeParse(answer);
  return error ? { error: error.issues.slice(0, 3) } : data;
});
writeFileSync(told, JSON.stringify(read, plain));
