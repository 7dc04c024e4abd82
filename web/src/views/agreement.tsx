// The agreement that a lease's terms name by hash, in words, and in what it is another than the lease.
import { type ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type Address as Account } from "viem";

import { type Agreement as Agreed, type Name, type Program, LIMIT, NotAgreement, differences, readAgreement } from "../agreement.js";
import { type Terms, NOBODY } from "../chain/leases.js";
import { type Asset, type Node } from "../chain/node.js";
import { type Desk, Refused } from "../desk.js";
import { AI_DRAFT, concepts, purpose, purposes } from "../purposes.js";
import { bytes, duration, foreign, language, maybe, percent, price, t, tokens } from "../text.js";
import { Facts, Loading, Quote, useLoaded, useWorld } from "./parts.js";

interface AgreementProps {
  readonly terms: Terms;
  readonly asset: Asset;
  readonly titles: (id: bigint) => string;
  /** Of an offer to anyone, nobody. */
  readonly licensee: Account;
}

const NONE = `0x${"00".repeat(32)}`;

/** `folded` asks for it when it is unfolded. */
export function Agreement({ folded, ...props }: AgreementProps & { folded: boolean }) {
  const { desk } = useWorld();
  const [open, unfold] = useState(false);
  if (props.terms.agreementHash === NONE) return <p class="quiet">{t("noAgreement")}</p>;
  if (!folded || !desk) return <Asked {...props} />;
  return (
    <details onToggle={(event) => unfold(event.currentTarget.open)}>
      <summary>{t("agreement")}</summary>
      {open && <Asked {...props} />}
    </details>
  );
}

function Asked(props: AgreementProps) {
  const { node, desk } = useWorld();
  const { terms, licensee } = props;
  const hash = terms.agreementHash;
  const loaded = useLoaded(async () => (desk ? found(node, desk, terms, licensee) : null), [desk, node, hash]);
  if (!desk || loaded.failure !== undefined) {
    // What the desk has is another document, which is not shown.
    const forged = loaded.failure instanceof Refused && loaded.failure.status === FORGED;
    return (
      <p class={forged ? "notice bad" : "quiet"} role={forged ? "alert" : undefined}>
        {t(forged ? "agreementForged" : "agreementElsewhere")} <code class="break">{hash}</code>
      </p>
    );
  }
  return <Loading of={loaded}>{(known) => known && <Words {...props} {...known} />}</Loading>;
}

/** Status of what the desk gave that has not the hash. */
const FORGED = 502;

interface Known {
  readonly text: string;
  /** Null for a document that is no agreement of this project. */
  readonly agreed: Agreed | null;
  readonly differing: readonly Name[];
  readonly expected: Agreed | null;
  readonly signing: { readonly count: number; readonly threshold: number } | null;
}

async function found(node: Node, desk: Desk, terms: Terms, licensee: Account): Promise<Known> {
  const data = await desk.agreement(terms.agreementHash);
  const text = readable(data);
  let agreed: Agreed;
  try {
    agreed = readAgreement(data);
  } catch (error) {
    if (!(error instanceof NotAgreement)) throw error;
    return { text, agreed: null, differing: [], expected: null, signing: null };
  }
  const { registry, leases, timelock, asset } = node.config.contracts;
  const [window, signing] = await Promise.all([
    node.client.readContract({ ...node.leases, functionName: "ackWindow" }),
    agreed.program ? node.assessors() : null,
  ]);
  const parties = { chainId: BigInt(node.config.chainId), registry, leases, timelock, asset, ackWindow: BigInt(window) };
  const whom = licensee === NOBODY ? null : licensee;
  const expected = { ...agreed, ...terms, ...parties, licensee: whom };
  return { text, agreed, differing: differences(agreed, terms, parties, whom), expected, signing };
}

function Words({ text, agreed, differing, expected, signing, asset, titles }: AgreementProps & Known) {
  return (
    <div class="stack">
      {!agreed ? (
        <p class="notice bad" role="alert">{t("agreementUnknown")}</p>
      ) : differing.length ? (
        <div class="notice bad" role="alert">
          <p>{t("agreementDiffers")}</p>
          <ul>
            {differing.map((name) => (
              <li key={name}>
                {t("agreementDiffersIn", {
                  what: t(SAID[name].called),
                  one: SAID[name].value(agreed, asset, titles),
                  other: SAID[name].value(expected!, asset, titles),
                })}
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <p class="notice good">{t("agreementSame")}</p>
      )}
      {agreed && <Facts rows={rows(agreed, asset, signing)} />}
      {agreed && <Quote from={t("agreementClauses")} text={agreed.clauses} />}
      <details>
        <summary>{t("agreementDocument")}</summary>
        <pre tabIndex={0} dir="auto">
          {text}
        </pre>
      </details>
    </div>
  );
}

type Value = (agreed: Agreed, asset: Asset, titles: (id: bigint) => string) => string;

/** What may differ, and how it is said. */
const SAID: Readonly<Record<Name, { readonly called: Parameters<typeof t>[0]; readonly value: Value }>> = {
  datasetId: { called: "dataset", value: ({ datasetId }, _, titles) => titles(datasetId) },
  purposes: { called: "usedFor", value: (agreed) => purposes(agreed.purposes) },
  pricePerPeriod: { called: "agreementPrice", value: ({ pricePerPeriod }, asset) => price(pricePerPeriod, asset) },
  periodLength: { called: "agreementPeriod", value: ({ periodLength }) => duration(periodLength) },
  periods: { called: "periodCount", value: ({ periods }) => String(periods) },
  bond: { called: "bond", value: ({ bond }, asset) => price(bond, asset) },
  royaltyBps: { called: "royalty", value: ({ royaltyBps }) => percent(royaltyBps, 10_000, 2) },
  exclusive: { called: "exclusive", value: ({ exclusive }) => t(exclusive ? "yes" : "no") },
  minShares: { called: "minShares", value: ({ minShares }) => tokens(minShares) },
  dao: { called: "agreementDao", value: ({ chainId, registry, leases }) => `${chainId}, ${registry}, ${leases}` },
  timelock: { called: "agreementGrants", value: ({ timelock }) => timelock },
  asset: { called: "agreementAsset", value: (agreed) => agreed.asset },
  ackWindow: { called: "agreementErased", value: ({ ackWindow }) => duration(ackWindow) },
  licensee: { called: "licensee", value: ({ licensee }) => licensee ?? t("agreementAnyone") },
};

type Row = readonly [string, ComponentChildren];

function rows(agreed: Agreed, asset: Asset, signing: Known["signing"]): Row[] {
  const { purposes: mask, pricePerPeriod, periods, periodLength, bond, royaltyBps, exclusive, ackWindow, prohibited, program } = agreed;
  const meant = concepts(mask).map(({ bit, duo, duoLabel, ai }) => `${purpose(bit)}: ${duo} ${duoLabel}, ${ai}`);
  const forbidden = prohibited.map((action) => maybe(`action_${action}`, foreign(action)));
  return [
    [t("usedFor"), purposes(mask)],
    [t("agreementMeans", { draft: AI_DRAFT }), meant.join("; ")],
    [t("agreementTerm"), t("agreementTermIs", { count: Number(periods), length: duration(periodLength), all: duration(periods * periodLength) })],
    [t("agreementPays"), t("agreementPaysIs", { price: price(pricePerPeriod, asset), bond: price(bond, asset) })],
    ...(royaltyBps ? [[t("royalty"), t("royaltyIs", { part: percent(royaltyBps, 10_000, 2) })] as const] : []),
    ...(exclusive ? [[t("exclusive"), t("exclusiveYes")] as const] : []),
    [t("agreementErased"), t("agreementErasedIs", { time: duration(ackWindow) })],
    [t("agreementForbidden"), forbidden.join(", ") || t("agreementForbiddenNot")],
    ...(program ? programRows(program, signing) : []),
  ];
}

function programRows({ sha256, engine, fuel, memory, output, reviews, source }: Program, signing: Known["signing"]): Row[] {
  const looked = reviews ? t("programReviews", { count: Number(reviews) }) : t("programReviewsNot");
  // Of others: a link only where it leads to a page.
  const where = /^https?:/.test(source) ? (
    <a href={source} rel="noopener noreferrer" target="_blank" class="break">
      {foreign(source)}
    </a>
  ) : (
    foreign(source) || t("programSourceNot")
  );
  return [
    [t("program"), <code key="p" class="break">sha256 {sha256}</code>],
    [t("programSource"), where],
    [t("programRuns"), t("programRunsIs", { engine: foreign(engine), fuel: fuel.toLocaleString(language()), memory: bytes(Number(memory)) })],
    [t("programOutput"), `${t("programOutputIs", { output: bytes(Number(output)) })} ${looked}`],
    ...(signing ? [[t("programSigned"), t("programSignedIs", { count: signing.count, threshold: signing.threshold })] as const] : []),
  ];
}

function readable(data: Uint8Array): string {
  const text = new TextDecoder().decode(data.subarray(0, LIMIT));
  if (data.length > LIMIT) return foreign(`${text} …`);
  try {
    return foreign(JSON.stringify(JSON.parse(text), null, 2));
  } catch {
    return foreign(text); // no JSON: as it is
  }
}
