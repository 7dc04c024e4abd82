// For a licensee: offers to accept, a request of one's own, and the state of one's leases.
import { Agreement } from "./agreement.js";
import { useState } from "preact/hooks";
import { type Hex, isHex, keccak256, parseSignature, parseUnits, zeroHash } from "viem";

import { type Dataset, datasets } from "../chain/datasets.js";
import { type Lease, NOBODY, type Offer, type Terms, cost, leasesOf, offers } from "../chain/leases.js";
import { type Asset } from "../chain/node.js";
import { permitFor } from "../messages.js";
import { BITS, COMPUTE, purpose } from "../purposes.js";
import { maybe, moment, price, t, written } from "../text.js";
import { type Call } from "../wallet.js";
import { Field, Loading, NeedsWallet, type World, own, useDoing, useLoaded, useWorld } from "./parts.js";
import { useTitles } from "./schemas.js";
import { TermsOf } from "./terms.js";

const DAY = 86_400;

export function LeaseData() {
  const { node, wallet } = useWorld();
  const account = wallet?.account;
  const loaded = useLoaded(() => Promise.all([offers(node), datasets(node), node.money()]), [node]);
  const mine = useLoaded(async () => (account ? leasesOf(node, account) : []), [node, account]);
  const titles = useTitles(loaded.value?.[1]);
  return (
    <>
      <h1>{t("leaseData")}</h1>
      <p class="lead">{t("leaseLead")}</p>
      <Loading of={loaded}>
        {([found, all, asset]) => (
          <>
            {mine.value && mine.value.length > 0 && (
              <section aria-labelledby="leases">
                <h2 id="leases">{t("yourLeases")}</h2>
                {mine.value.map((item) => (
                  <Mine key={String(item.id)} lease={item} asset={asset} titles={titles} />
                ))}
              </section>
            )}
            <section aria-labelledby="offers">
              <h2 id="offers">{t("offers")}</h2>
              {found.length === 0 && <p>{t("noOffers")}</p>}
              {found.map((offer) => (
                <Accept key={String(offer.id)} offer={offer} asset={asset} titles={titles} again={mine.again} />
              ))}
            </section>
            <section aria-labelledby="request">
              <h2 id="request">{t("requestOwn")}</h2>
              {wallet ? (
                <Request all={all} asset={asset} titles={titles} again={mine.again} />
              ) : (
                <NeedsWallet why="walletToLease" />
              )}
            </section>
          </>
        )}
      </Loading>
    </>
  );
}

function Mine({ lease, asset, titles }: { lease: Lease; asset: Asset; titles: (id: bigint) => string }) {
  const world = useWorld();
  const doing = useDoing();
  const { id, status, paidPeriods, paidUntil, startBy, returnable, terms } = lease;
  const back = () => own(world, { ...world.node.leases, functionName: "claimRefund", args: [id] });
  return (
    <article class="card wide">
      <h3>{t("leaseNumber", { id: String(id) })}</h3>
      <p>
        <span class={`badge ${status.toLowerCase()}`}>{maybe(`lease_${status}`, status)}</span>{" "}
        {status === "Approved" && startBy > 0 && t("startBy", { at: moment(startBy) })}
        {status === "Active" && t("paidUntil", { at: moment(paidUntil), paid: Number(paidPeriods), periods: Number(terms.periods) })}
      </p>
      <TermsOf terms={terms} asset={asset} titles={titles} />
      {returnable > 0n && (
        <button type="button" class="primary" disabled={doing.busy} onClick={() => doing.run(back)}>
          {t("takeBack", { amount: price(returnable, asset) })}
        </button>
      )}
      {doing.said}
    </article>
  );
}

/** Lets the contract take `value` and does `plain`; in one transaction where the asset or the wallet can. */
async function paying(world: World, value: bigint, plain: Call, permitted: (permit: object) => Call): Promise<string> {
  const { node, wallet } = world;
  const { account } = wallet!;
  const allowed = await node.client.readContract({ ...node.asset, functionName: "allowance", args: [account, node.leases.address] });
  if (allowed >= value) return own(world, plain);
  const message = await permitFor(node, account, value);
  const code = await node.client.getCode({ address: account });
  // A contract's signature is none of a permit's three parts: it approves by a transaction.
  if (message && !code) {
    const { r, s, v, yParity } = parseSignature(await wallet!.sign(node, message));
    const { deadline } = message.message as { deadline: bigint };
    return own(world, permitted({ deadline, v: Number(v ?? BigInt(27 + yParity)), r, s }));
  }
  return own(world, { ...node.asset, functionName: "approve", args: [node.leases.address, value] }, plain);
}

interface AcceptProps {
  readonly offer: Offer;
  readonly asset: Asset;
  readonly titles: (id: bigint) => string;
  readonly again: () => void;
}

function Accept({ offer, asset, titles, again }: AcceptProps) {
  const world = useWorld();
  const { node, wallet } = world;
  const [key, setKey] = useState("");
  const doing = useDoing();
  const { id, terms, licensee, left, expiry } = offer;
  const mayAccept = wallet && (licensee === NOBODY || licensee === wallet.account);
  const most = cost(terms);
  const accept = async () => {
    const hash = await node.client.readContract({ ...node.leases, functionName: "hashTerms", args: [terms] });
    const args = [id, hash, checkedKey(key), most] as const;
    const text = await paying(world, most, { ...node.leases, functionName: "accept", args }, (permit) => ({
      ...node.leases,
      functionName: "acceptWithPermit",
      args: [...args, permit],
    }));
    again();
    return text;
  };
  return (
    <article class="card wide">
      <h3>{t("offerNumber", { id: String(id) })}</h3>
      <p>{t("offerLeft", { count: Number(left), until: moment(expiry) })}</p>
      <TermsOf terms={terms} asset={asset} licensee={licensee} titles={titles} />
      <Agreement folded terms={terms} asset={asset} licensee={licensee} titles={titles} />
      {mayAccept && (
        <details>
          <summary>{t("accept")}</summary>
          <KeyField value={key} onInput={setKey} />
          <button type="button" class="primary" disabled={doing.busy} onClick={() => doing.run(accept)}>
            {t("acceptFor", { amount: price(most, asset) })}
          </button>
        </details>
      )}
      {doing.said}
    </article>
  );
}

function KeyField({ value, onInput }: { value: string; onInput: (value: string) => void }) {
  return (
    <Field label={t("yourKey")} hint={t("yourKeyHint")}>
      <input value={value} spellcheck={false} autocomplete="off" onInput={(event) => onInput(event.currentTarget.value.trim())} />
    </Field>
  );
}

function checkedKey(text: string): Hex {
  const hex = text.startsWith("0x") ? text : `0x${text}`;
  if (!isHex(hex) || hex.length !== 66 || hex === zeroHash) throw new Error(t("badKey"));
  return hex;
}

interface RequestProps {
  readonly all: readonly Dataset[];
  readonly asset: Asset;
  readonly titles: (id: bigint) => string;
  readonly again: () => void;
}

function Request({ all, asset, titles, again }: RequestProps) {
  const world = useWorld();
  const { node } = world;
  const [form, set] = useState({ dataset: "1", price: "", days: "", periods: "1", bond: "", royalty: "0", key: "", words: "" });
  const [uses, setUses] = useState<readonly number[]>([]);
  const [exclusive, setExclusive] = useState(false);
  const [agreement, setAgreement] = useState<Hex>(zeroHash);
  const doing = useDoing();
  const dataset = all.find(({ id }) => String(id) === form.dataset) ?? all[0];
  if (!dataset) return <p>{t("noDatasets")}</p>;
  const input = (name: keyof typeof form) => (event: { currentTarget: { value: string } }) =>
    set({ ...form, [name]: event.currentTarget.value });
  const money = (text: string) => parseUnits(written(text), asset.decimals);
  const ask = async () => {
    const asked = uses.reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);
    // Custodians release nothing to a lease for computation whose agreement names no program.
    if (asked === COMPUTE && agreement === zeroHash) throw new Error(t("computeNeedsAgreement"));
    const terms: Terms = {
      datasetId: dataset.id,
      purposes: asked,
      pricePerPeriod: money(form.price),
      periodLength: BigInt(Math.round(Number(written(form.days)) * DAY)),
      periods: BigInt(form.periods),
      bond: money(form.bond),
      royaltyBps: BigInt(Math.round(Number(written(form.royalty)) * 100)),
      exclusive,
      minShares: 0n,
      agreementHash: agreement,
    };
    const args = [terms, checkedKey(form.key), form.words] as const;
    const text = await paying(world, cost(terms), { ...node.leases, functionName: "request", args }, (permit) => ({
      ...node.leases,
      functionName: "requestWithPermit",
      args: [...args, permit],
    }));
    again();
    return text;
  };
  const hashed = async (file: File | undefined) => setAgreement(file ? keccak256(new Uint8Array(await file.arrayBuffer())) : zeroHash);
  const least = (units: bigint) => t("atLeast", { least: price(units, asset) });
  const { minPeriod, maxPeriod, maxPeriods } = dataset;
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        doing.run(ask);
      }}
    >
      <Field label={t("dataset")}>
        <select value={form.dataset} onChange={input("dataset")}>
          {all.map(({ id }) => (
            <option key={String(id)} value={String(id)}>
              {titles(id)}
            </option>
          ))}
        </select>
      </Field>
      <fieldset>
        <legend>{t("usedFor")}</legend>
        {BITS.filter((bit) => (dataset.purposes >> BigInt(bit)) & 1n).map((bit) => (
          <label key={bit} class="check">
            <input
              type="checkbox"
              checked={uses.includes(bit)}
              onChange={() => setUses(uses.includes(bit) ? uses.filter((one) => one !== bit) : [...uses, bit])}
            />
            <span>{purpose(bit)}</span>
          </label>
        ))}
      </fieldset>
      <Field label={t("pricePerPeriod", { symbol: asset.symbol })} hint={least(dataset.minPricePerPeriod)}>
        <input required inputMode="decimal" value={form.price} onInput={input("price")} />
      </Field>
      <Field label={t("periodDays")} hint={t("between", { least: minPeriod / DAY, most: maxPeriod / DAY })}>
        <input required inputMode="decimal" value={form.days} onInput={input("days")} />
      </Field>
      <Field label={t("periodCount")} hint={t("between", { least: 1, most: maxPeriods })}>
        <input required type="number" min={1} max={maxPeriods} value={form.periods} onInput={input("periods")} />
      </Field>
      <Field label={t("bondOf", { symbol: asset.symbol })} hint={`${t("bondHint")} ${least(dataset.minBond)}`}>
        <input required inputMode="decimal" value={form.bond} onInput={input("bond")} />
      </Field>
      <Field label={t("royaltyPercent")} hint={t("royaltyHint")}>
        <input inputMode="decimal" value={form.royalty} onInput={input("royalty")} />
      </Field>
      <label class="check">
        <input type="checkbox" checked={exclusive} onChange={() => setExclusive(!exclusive)} />
        <span>{t("exclusiveYes")}</span>
      </label>
      <Field label={t("agreementFile")} hint={agreement === zeroHash ? t("agreementFileHint") : `keccak256 ${agreement}`}>
        <input type="file" onChange={(event) => void hashed(event.currentTarget.files?.[0])} />
      </Field>
      <Field label={t("yourWords")} hint={t("yourWordsHint")}>
        <textarea rows={4} maxLength={2000} value={form.words} onInput={input("words")} />
      </Field>
      <KeyField value={form.key} onInput={(key) => set({ ...form, key })} />
      <button type="submit" class="primary" disabled={doing.busy || uses.length === 0}>
        {t("sendRequest")}
      </button>
      {doing.said}
    </form>
  );
}
