// What a dataset's records look like: its schema, by the hash that stands on chain, from the desk or from the reader.
import { useEffect, useState } from "preact/hooks";

import { type Dataset } from "../chain/datasets.js";
import { type Desk } from "../desk.js";
import { Schema } from "../records/check.js";
import { foreign, t } from "../text.js";
import { useWorld } from "./parts.js";

const NONE = `0x${"00".repeat(32)}`;
const known = new Map<string, Promise<Schema | null>>();

/** The schema of a dataset; null where there is none, or nobody who has it. */
export function schemaOf(desk: Desk | null, { schemaHash }: Dataset): Promise<Schema | null> {
  if (!desk || schemaHash === NONE) return Promise.resolve(null);
  let found = known.get(schemaHash);
  if (!found) {
    found = desk.object(schemaHash).then((data) => new Schema(new TextDecoder().decode(data)));
    found = found.catch(() => {
      known.delete(schemaHash);
      return null;
    });
    known.set(schemaHash, found);
  }
  return found;
}

/** What datasets are called: by their schemas' titles, as soon as they are known. */
export function useTitles(datasets: readonly Dataset[] | undefined): (id: bigint) => string {
  const { desk } = useWorld();
  const [titles, put] = useState<ReadonlyMap<bigint, string>>(new Map());
  useEffect(() => {
    let current = true;
    void Promise.all((datasets ?? []).map(async (dataset) => [dataset.id, (await schemaOf(desk, dataset))?.title ?? ""] as const)).then(
      (found) => current && put(new Map(found)),
    );
    return () => {
      current = false;
    };
  }, [desk, datasets]);
  return (id) => {
    const title = titles.get(id);
    return title ? `${foreign(title)} (${t("datasetNumber", { id: String(id) })})` : t("datasetNumber", { id: String(id) });
  };
}

function Description({ dataset }: { dataset: Dataset }) {
  const { desk } = useWorld();
  const [schema, put] = useState<Schema | null>(null);
  useEffect(() => {
    let current = true;
    void schemaOf(desk, dataset).then((found) => current && put(found));
    return () => {
      current = false;
    };
  }, [desk, dataset]);
  if (!schema) return null;
  return (
    <>
      {schema.description && <p dir="auto">{foreign(schema.description)}</p>}
      {schema.properties.length > 0 && (
        <p class="quiet">
          {t("recordsHave")} {schema.properties.map((name) => foreign(name)).join(", ")}
        </p>
      )}
    </>
  );
}

export const Schemas = { Description };
