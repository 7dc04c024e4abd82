// The agreement of a lease, read as the client reads it (datadao/messages/agreement.py): an ODRL document that must be
// exactly what its own terms give, so that nothing stands in it that is not in the words made of it.
import { sha1 } from "@noble/hashes/legacy.js";
import { type Address, getAddress } from "viem";

import { type Terms } from "./chain/leases.js";
import { type Json, type JsonObject, NotJson, canonical, isObject, parse } from "./records/json.js";
import { AI_DRAFT, type Concept, concepts } from "./purposes.js";

/** Bytes. */
export const LIMIT = 64 * 1024;
/** Characters of what is agreed in words. */
const MAX_CLAUSES = 32 * 1024;
/** Of ODRL, which a licensee may be forbidden. */
const ACTIONS = (
  "aggregate anonymize annotate archive concurrentUse derive digitize display distribute execute extract give grantUse " +
  "index install modify move play present print read reproduce sell stream textToSpeech transfer transform translate"
).split(" ");
const PROFILE = "urn:datadao:odrl:1";
const CONTEXT = ["http://www.w3.org/ns/odrl.jsonld", { datadao: `${PROFILE}#` }];

export interface Program {
  readonly sha256: string;
  readonly engine: string;
  readonly fuel: bigint;
  /** Bytes, as is `output`. */
  readonly memory: bigint;
  readonly output: bigint;
  /** So many assessors look at an output before it counts. */
  readonly reviews: bigint;
  /** Where its source can be read; empty where that is not said. */
  readonly source: string;
}

type Agreed = Omit<Terms, "agreementHash">;

export interface Agreement extends Agreed {
  readonly chainId: bigint;
  readonly registry: Address;
  readonly leases: Address;
  readonly timelock: Address;
  readonly asset: Address;
  /** Null for an offer to anyone. */
  readonly licensee: Address | null;
  /** Seconds to act on an erasure. */
  readonly ackWindow: bigint;
  /** Actions of ODRL. */
  readonly prohibited: readonly string[];
  /** What is agreed in words. */
  readonly clauses: string;
  readonly program: Program | null;
}

/** Of what is no agreement of this project, or says more than its terms. */
export class NotAgreement extends Error {}

/** Raises `NotAgreement`. */
export function readAgreement(data: Uint8Array): Agreement {
  if (data.length > LIMIT) throw new NotAgreement("it is too long");
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
    const found = parse(text);
    if (!isObject(found)) throw new NotAgreement("it is no object");
    const { uid, ...rest } = found;
    const made = fields(found);
    // RFC 8785 is one spelling, and the same as ours.
    const body = canonical(documentOf(made));
    const same = canonical(found) === text && canonical(rest as JsonObject) === body && uid === `urn:uuid:${named(body)}`;
    if (!same) throw new NotAgreement("it is not what its terms give");
    return made;
  } catch (error) {
    // Whatever is missing is read as undefined somewhere.
    if (error instanceof NotJson || error instanceof TypeError || error instanceof SyntaxError || error instanceof RangeError) throw new NotAgreement(error.message);
    throw error;
  }
}

/** A UUID of version 5 in the namespace of addresses. */
function named(body: string): string {
  const space = "6ba7b8119dad11d180b400c04fd430c8".match(/../g)!.map((pair) => parseInt(pair, 16));
  const digest = sha1(new Uint8Array([...space, ...new TextEncoder().encode(body)])).slice(0, 16);
  digest[6] = (digest[6]! & 0x0f) | 0x50;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function documentOf(agreed: Agreement): Json {
  const { chainId, registry, datasetId, licensee, timelock, asset, prohibited, clauses } = agreed;
  const target = `urn:datadao:${chainId}:${registry.toLowerCase()}:${datasetId}`;
  const party = (account: Address) => `did:pkh:eip155:${chainId}:${account}`;
  const payee = { compensatedParty: party(agreed.leases) };
  const unit = { unit: { "@id": `eip155:${chainId}/erc20:${asset}` } };
  const erased = [constraint("event", "eq", { "@id": "datadao:erasure" }), constraint("delayPeriod", "lteq", time(agreed.ackWindow))];
  const rent = [
    { ...constraint("payAmount", "eq", integer(agreed.pricePerPeriod)), ...unit },
    constraint("timeInterval", "eq", time(agreed.periodLength)),
    constraint("count", "lteq", integer(agreed.periods)),
  ];
  const bond = { ...constraint("payAmount", "eq", integer(agreed.bond)), ...unit };
  const obligation: Json[] = [
    { action: refined("odrl:compensate", rent), constraint: [constraint("datadao:poolShares", "gteq", integer(agreed.minShares))], ...payee },
    { action: refined("datadao:depositBond", [bond]), ...payee },
    { target, action: "delete", constraint: erased },
    { target, action: "inform", informedParty: party(agreed.leases), constraint: erased },
  ];
  if (agreed.royaltyBps) {
    const part = constraint("percentage", "eq", { "@value": percentage(agreed.royaltyBps), "@type": "xsd:decimal" });
    const sold = constraint("event", "eq", { "@id": "datadao:modelIncome" });
    obligation.push({ action: refined("odrl:compensate", [part]), constraint: [sold], ...payee });
  }
  if (agreed.exclusive) obligation.push({ target, action: "ensureExclusivity", assignee: party(timelock) });
  return {
    "@context": CONTEXT,
    type: licensee ? "Agreement" : "Offer",
    profile: PROFILE,
    assigner: party(timelock),
    permission: [{ target, action: permitted(agreed.program), constraint: [constraint("purpose", "isAnyOf", concepts(agreed.purposes).map(concept))] }],
    obligation,
    ...(licensee ? { assignee: party(licensee) } : {}),
    ...(prohibited.length ? { prohibition: [...new Set(prohibited)].sort().map((action) => ({ target, action })) } : {}),
    ...(clauses ? { "dct:description": clauses } : {}),
  };
}

function permitted(program: Program | null): Json {
  if (!program) return "use";
  const limits = [["fuel", program.fuel], ["memory", program.memory], ["outputSize", program.output]] as const;
  return refined("odrl:execute", [
    constraint("datadao:program", "eq", { "@id": `urn:sha256:${program.sha256}` }),
    constraint("datadao:engine", "eq", { "@value": program.engine }),
    ...limits.map(([name, most]) => constraint(`datadao:${name}`, "lteq", integer(most))),
    ...(program.reviews ? [constraint("datadao:reviews", "gteq", integer(program.reviews))] : []),
    ...(program.source ? [constraint("datadao:source", "eq", { "@id": program.source })] : []),
  ]);
}

const constraint = (leftOperand: string, operator: string, rightOperand: Json): JsonObject => ({ leftOperand, operator, rightOperand });
const refined = (action: string, refinement: readonly Json[]): Json => [{ "rdf:value": { "@id": action }, refinement }];
const integer = (value: bigint): Json => ({ "@value": String(value), "@type": "xsd:integer" });
const time = (seconds: bigint): Json => ({ "@value": `PT${seconds}S`, "@type": "xsd:duration" });
const percentage = (bps: bigint): string => `${bps / 100n}.${String(bps % 100n).padStart(2, "0")}`;

function concept({ bit, name, duo, duoMatch, ai, aiMatch }: Concept): Json {
  return {
    "@id": `urn:datadao:purpose:${bit}`,
    "skos:prefLabel": name,
    [`skos:${duoMatch}`]: [{ "@id": `http://purl.obolibrary.org/obo/${duo.replace(":", "_")}` }],
    [`skos:${aiMatch}`]: [{ "@id": `urn:ietf:id:${AI_DRAFT}#${ai}` }],
  };
}

/** What an agreement is made of; what is read wrongly here, or not at all, the comparison shows. */
function fields(found: JsonObject): Agreement {
  const [permission] = list(found.permission) as JsonObject[];
  const [pay, bond, erase, , ...others] = list(found.obligation) as JsonObject[];
  const [chainId, registry, dataset] = matched(TARGET, permission!.target);
  const rent = operands(pay!);
  const [purposes] = list(permission!.constraint) as JsonObject[];
  const royalty = others.find(({ action }) => action !== "ensureExclusivity");
  const asset = (list((list(pay!.action)[0] as JsonObject).refinement)[0] as { unit: JsonObject }).unit["@id"];
  const bits = list(purposes!.rightOperand).map((item) => BigInt(matched(PURPOSE, (item as JsonObject)["@id"])[0]!));
  if (!bits.length) throw new NotAgreement("it is for no purpose");
  const prohibited = list(found.prohibition ?? []).map((rule) => said((rule as JsonObject).action));
  const clauses = said(found["dct:description"] ?? "");
  if (!prohibited.every((action) => ACTIONS.includes(action))) throw new NotAgreement("it forbids what is no action of ODRL");
  if ([...clauses].length > MAX_CLAUSES) throw new NotAgreement("its clauses are too long");
  return {
    chainId: BigInt(chainId!),
    registry: getAddress(registry!),
    leases: party(pay!.compensatedParty),
    timelock: party(found.assigner),
    asset: getAddress(matched(ASSET, asset)[0]!.toLowerCase()),
    licensee: "assignee" in found ? party(found.assignee) : null,
    datasetId: BigInt(dataset!),
    purposes: bits.reduce((mask, bit) => mask | (1n << bit), 0n),
    pricePerPeriod: count(rent.get("payAmount")),
    periodLength: BigInt(matched(SECONDS, rent.get("timeInterval"))[0]!),
    periods: count(rent.get("count")),
    bond: count(operands(bond!).get("payAmount")),
    royaltyBps: royalty ? BigInt(matched(PERCENT, operands(royalty).get("percentage")).join("")) : 0n,
    exclusive: others.some(({ action }) => action === "ensureExclusivity"),
    minShares: count(rent.get("datadao:poolShares")),
    ackWindow: BigInt(matched(SECONDS, operands(erase!).get("delayPeriod"))[0]!),
    prohibited,
    clauses,
    program: permission!.action === "use" ? null : program(operands({ action: permission!.action! })),
  };
}

function program(given: ReadonlyMap<string, Json>): Program {
  const [source, reviews] = [given.get("datadao:source"), count(given.get("datadao:reviews") ?? "0")];
  if (reviews >= 1n << 16n) throw new NotAgreement("so many assessors there cannot be");
  return {
    sha256: matched(DIGEST, given.get("datadao:program"))[0]!,
    engine: said(given.get("datadao:engine")),
    fuel: count(given.get("datadao:fuel")),
    memory: count(given.get("datadao:memory")),
    output: count(given.get("datadao:outputSize")),
    reviews,
    source: source === undefined ? "" : matched(SOURCE, source)[0]!,
  };
}

/** Right operands of a rule's constraints, and of its action's refinements, by the left one. */
function operands(rule: JsonObject): ReadonlyMap<string, Json> {
  const refinement = Array.isArray(rule.action) ? list((rule.action[0] as JsonObject).refinement) : [];
  const items = [...refinement, ...list(rule.constraint ?? [])] as { leftOperand: string; rightOperand: JsonObject }[];
  return new Map(items.map(({ leftOperand, rightOperand }) => [leftOperand, rightOperand["@value"] || rightOperand["@id"]!]));
}

const TARGET = /^urn:datadao:([1-9]\d{0,77}):(0x[0-9a-f]{40}):([1-9]\d{0,77})$/;
const PARTY = /^did:pkh:eip155:[1-9]\d*:(0x[0-9a-fA-F]{40})$/;
const ASSET = /^eip155:[1-9]\d*\/erc20:(0x[0-9a-fA-F]{40})$/;
const PURPOSE = /^urn:datadao:purpose:(\d{1,3})$/;
const SECONDS = /^PT(\d{1,12})S$/;
const PERCENT = /^(\d{1,3})\.(\d\d)$/;
const NUMBER = /^(0|[1-9]\d{0,77})$/;
const SOURCE = /^([a-z][a-z0-9+.-]*:[!#-;=?-[\]_a-z~]{1,2048})$/;
const DIGEST = /^urn:sha256:([0-9a-f]{64})$/;

function matched(form: RegExp, value: Json | undefined): string[] {
  const match = form.exec(said(value));
  if (!match) throw new NotAgreement(`${String(value)} has not the form ${form.source}`);
  return match.slice(1);
}

// The comparison holds the case of an address to its checksum.
const party = (value: Json | undefined): Address => getAddress(matched(PARTY, value)[0]!.toLowerCase());
const count = (value: Json | undefined): bigint => BigInt(matched(NUMBER, value)[0]!);

function list(value: Json | undefined): readonly Json[] {
  if (!Array.isArray(value)) throw new NotAgreement("a list is missing");
  return value as readonly Json[];
}

function said(value: Json | undefined): string {
  if (typeof value !== "string") throw new NotAgreement("a text is missing");
  return value;
}

export type Name = keyof Agreed | "dao" | "timelock" | "asset" | "ackWindow" | "licensee";

const NAMES = ["datasetId", "purposes", "pricePerPeriod", "periodLength", "periods", "bond", "royaltyBps", "exclusive", "minShares"] as const;

/** Whom a lease is with: what every agreement with this DAO says. */
export type Parties = Pick<Agreement, "chainId" | "registry" | "leases" | "timelock" | "asset" | "ackWindow">;

/** In what an agreement is another than a lease; a `licensee` of null is anyone who takes an offer. */
export function differences(agreed: Agreement, terms: Agreed, parties: Parties, licensee: Address | null): Name[] {
  const found: Name[] = NAMES.filter((name) => agreed[name] !== terms[name]);
  if ((["chainId", "registry", "leases"] as const).some((name) => agreed[name] !== parties[name])) found.push("dao");
  found.push(...(["timelock", "asset", "ackWindow"] as const).filter((name) => agreed[name] !== parties[name]));
  return agreed.licensee === licensee ? found : [...found, "licensee"];
}
