// What is wrong with a record, in words.
import { foreign, maybe, t } from "../text.js";
import { type Flaw } from "./check.js";
import { canonical } from "./json.js";

/** In the reader's language. It quotes the file, and is for its owner alone. */
export function why({ rule, wanted }: Omit<Flaw, "line">): string {
  const several = wanted === undefined ? [] : [wanted].flat();
  const said = several.map((one) => (rule === "type" ? maybe(`type_${one}`, String(one)) : typeof one === "string" ? one : canonical(one)));
  const words = maybe(`flaw_${rule}`, "") || t("flawOther", { rule });
  return foreign(words.replace("{wanted}", () => said.join(", ")));
}
