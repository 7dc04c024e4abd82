// What the tests give every program.

export type Hex = `0x${string}`;

/** Fields of the contracts' structs as JSON has them: integers in decimal. */
export interface Given {
  url: string;
  addresses: Record<"token" | "splitter" | "governor" | "leases" | "registry" | "timelock", Hex>;
  asset: Hex;
}

export interface GivenTerms {
  datasetId: string;
  purposes: string;
  pricePerPeriod: string;
  periodLength: string;
  periods: string;
  bond: string;
  royaltyBps: string;
  exclusive: boolean;
  minShares: string;
  agreementHash: Hex;
}

export interface GivenContribution {
  contributor: Hex;
  fingerprint: Hex;
  fileHash: Hex;
  envelopeHash: Hex;
  units: string;
  quality: string;
}

export function terms(given: GivenTerms) {
  const { datasetId, purposes, pricePerPeriod, periodLength, periods, bond, royaltyBps, minShares, ...rest } = given;
  return {
    datasetId: BigInt(datasetId), purposes: BigInt(purposes), pricePerPeriod: BigInt(pricePerPeriod),
    periodLength: BigInt(periodLength), periods: BigInt(periods), bond: BigInt(bond), royaltyBps: BigInt(royaltyBps),
    minShares: BigInt(minShares), ...rest,
  };
}

export function cost(asked: ReturnType<typeof terms>): bigint {
  return asked.pricePerPeriod * asked.periods + asked.bond;
}

/** What both libraries are tried with. */
export interface GivenTrade extends Given {
  contributorKey: Hex;
  licenseeKey: Hex;
  batchId: string;
  contribution: GivenContribution;
  proof: Hex[];
  terms: GivenTerms;
  hpkeKey: Hex;
}
