// What a lease is about, and the agreement that its terms name by hash.
import { useState } from "preact/hooks";
import { type Hex } from "viem";

import { type Terms, NOBODY } from "../chain/leases.js";
import { type Asset } from "../chain/node.js";
import { purposes } from "../purposes.js";
import { duration, foreign, percent, price, t, tokens } from "../text.js";
import { Address, Facts, Loading, useLoaded, useWorld } from "./parts.js";

interface TermsProps {
  readonly terms: Terms;
  readonly asset: Asset;
  readonly licensee?: string;
  readonly titles: (id: bigint) => string;
}

export function TermsOf({ terms, asset, licensee, titles }: TermsProps) {
  const { pricePerPeriod, periods, periodLength, bond, royaltyBps, exclusive, minShares } = terms;
  return (
    <Facts
      rows={[
        ...(licensee && licensee !== NOBODY ? [[t("licensee"), <Address key="l" of={licensee} />] as const] : []),
        [t("dataset"), titles(terms.datasetId)],
        [t("usedFor"), purposes(terms.purposes)],
        [t("rent"), t("rentIs", { price: price(pricePerPeriod, asset), length: duration(periodLength), periods: Number(periods) })],
        [t("rentInAll"), price(pricePerPeriod * periods, asset)],
        [t("bond"), price(bond, asset)],
        [t("royalty"), t("royaltyIs", { part: percent(royaltyBps, 10_000, 2) })],
        [t("exclusive"), t(exclusive ? "exclusiveYes" : "no")],
        ...(minShares ? [[t("minShares"), tokens(minShares)] as const] : []),
      ]}
    />
  );
}

const NONE = `0x${"00".repeat(32)}`;
const LONGEST = 20_000;

/** The document that the terms name, as text, if the desk has exactly that one; fetched when it is unfolded. */
export function Agreement({ hash }: { hash: Hex }) {
  const { desk } = useWorld();
  const [open, unfold] = useState(false);
  const wanted = desk && open && hash !== NONE;
  const loaded = useLoaded(async () => (wanted ? readable(await desk.agreement(hash)) : null), [wanted, hash]);
  if (hash === NONE) return <p class="quiet">{t("noAgreement")}</p>;
  if (!desk || loaded.failure !== undefined) {
    return (
      <p class="quiet">
        {t("agreementElsewhere")} <code class="break">{hash}</code>
      </p>
    );
  }
  return (
    <details onToggle={(event) => unfold(event.currentTarget.open)}>
      <summary>{t("agreement")}</summary>
      <Loading of={loaded}>
        {(text) => (
          <pre tabIndex={0} dir="auto">
            {text ?? ""}
          </pre>
        )}
      </Loading>
    </details>
  );
}

function readable(data: Uint8Array): string {
  const text = new TextDecoder().decode(data);
  let shown = text;
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // no JSON: as it is
  }
  return foreign(shown.slice(0, LONGEST));
}
