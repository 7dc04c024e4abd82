// What a lease is about.

import { type Terms, NOBODY } from "../chain/leases.js";
import { type Asset } from "../chain/node.js";
import { purposes } from "../purposes.js";
import { duration, percent, price, t, tokens } from "../text.js";
import { Address, Facts } from "./parts.js";

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
