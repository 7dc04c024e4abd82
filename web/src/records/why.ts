// What is wrong with a record, in words.
import { foreign, maybe } from "../text.js";
import { type Flaw } from "./check.js";

const BARE = ["json", "required", "additionalProperties", "anyOf"];

/** In the reader's language where there are words for the rule, else as the validator has it. */
export function why({ rule, wanted, reason }: Omit<Flaw, "line">): string {
  if (wanted === undefined && !BARE.includes(rule)) return foreign(reason);
  const several = Array.isArray(wanted) ? wanted : [wanted];
  const said = several.map((one) => (rule === "type" ? maybe(`type_${one}`, String(one)) : typeof one === "string" ? one : JSON.stringify(one)));
  const words = maybe(`flaw_${rule}`, "");
  return foreign(words ? words.replace("{wanted}", () => said.join(", ")) : reason);
}
