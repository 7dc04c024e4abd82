// A member's own: income, contributions, what became of what was handed in, erasing.
import { useEffect, useState } from "preact/hooks";
import { type Hex } from "viem";

import { type Member, datasets, member } from "../chain/datasets.js";
import { type Asset } from "../chain/node.js";
import { type Contribution, type Sent, type Submitted } from "../desk.js";
import { type Remembered, forget, remembered } from "../memory.js";
import { deadline, message } from "../messages.js";
import { type Key, foreign, maybe, moment, money, number, percent, t, tokens } from "../text.js";
import { HeirOf } from "./heir.js";
import { Facts, Loading, NeedsWallet, own, relayed, useDoing, useLoaded, useWorld } from "./parts.js";
import { useTitles } from "./schemas.js";

export function Mine() {
  const [turn, look] = useState(0);
  return <All key={turn} look={() => look(turn + 1)} />;
}

function All({ look }: { look: () => void }) {
  const { node, desk, wallet } = useWorld();
  const account = wallet?.account;
  const loaded = useLoaded(async () => {
    if (!account) return null;
    const paid = desk?.paid(account).catch(() => null) ?? null;
    return Promise.all([member(node, account), node.money(), datasets(node), paid]);
  }, [node, desk, account]);
  const titles = useTitles(loaded.value?.[2]);
  return (
    <>
      <h1>{t("mine")}</h1>
      {!wallet ? (
        <NeedsWallet why="walletToSeeMine" />
      ) : (
        <>
          <Loading of={loaded}>
            {(found) => found && <Income mine={found[0]} asset={found[1]} paid={found[3]} titles={titles} again={loaded.again} />}
          </Loading>
          <Contributions titles={titles} />
          <Pending look={look} />
          <Loading of={loaded}>{(found) => found && <HeirOf mine={found[0]} again={loaded.again} />}</Loading>
        </>
      )}
    </>
  );
}

interface IncomeProps {
  readonly mine: Member;
  readonly asset: Asset;
  /** So far, by dataset, if a desk counted it. */
  readonly paid: ReadonlyMap<bigint, bigint> | null;
  readonly titles: (id: bigint) => string;
  readonly again: () => void;
}

function Income({ mine, asset, paid, titles, again }: IncomeProps) {
  const world = useWorld();
  const { node, desk, wallet } = world;
  const doing = useDoing();
  const account = wallet!.account;
  const ask = async () => {
    const until = await deadline(node);
    const signature = await wallet!.sign(node, await message(node, "registry", "ClaimRequest", { account, deadline: until }));
    return relayed(world, "claim", { account, deadline: until, signature });
  };
  const pay = async () => {
    const ids = mine.holdings.map(({ dataset }) => dataset);
    const text = await own(world, { ...node.splitter, functionName: "claim", args: [account, ids] });
    again();
    return text;
  };
  return (
    <section aria-labelledby="income">
      <h2 id="income">{t("income")}</h2>
      <Facts
        rows={[
          [t("waitingForYou"), <strong key="w">{money(mine.claimable, asset)}</strong>],
          ...(paid ? [[t("paidSoFar"), money([...paid.values()].reduce((sum, units) => sum + units, 0n), asset)] as const] : []),
          [t("yourVotes"), tokens(mine.votes)],
        ]}
      />
      {mine.holdings.length > 0 && (
        <table class="stacks">
          <caption>{t("byDataset")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("dataset")}</th>
              <th scope="col" class="number">{t("yourShares")}</th>
              <th scope="col" class="number">{t("waiting")}</th>
              {paid && <th scope="col" class="number">{t("paidSoFar")}</th>}
            </tr>
          </thead>
          <tbody>
            {mine.holdings.map(({ dataset, shares, claimable }) => (
              <tr key={String(dataset)}>
                <th scope="row">{titles(dataset)}</th>
                <td class="number" data-label={t("yourShares")}>{tokens(shares)}</td>
                <td class="number" data-label={t("waiting")}>{money(claimable, asset)}</td>
                {paid && <td class="number" data-label={t("paidSoFar")}>{money(paid.get(dataset) ?? 0n, asset)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {paid && paid.size > 0 && <p class="quiet">{t("paidByDesk")}</p>}
      <p>{t("claimExplained")}</p>
      <div class="actions">
        {desk && (
          <button type="button" class="primary" disabled={doing.busy} onClick={() => doing.run(ask)}>
            {t("claimRelayed")}
          </button>
        )}
        <button type="button" disabled={doing.busy || !mine.claimable} onClick={() => doing.run(pay)}>
          {t("claimOwn")}
        </button>
      </div>
      {doing.said}
    </section>
  );
}

function Contributions({ titles }: { titles: (id: bigint) => string }) {
  const { desk, wallet } = useWorld();
  const account = wallet!.account;
  const [before, setBefore] = useState<string | null>(null);
  const loaded = useLoaded(async () => (desk ? desk.contributions(account, before) : null), [desk, account, before]);
  return (
    <section aria-labelledby="contributions">
      <h2 id="contributions">{t("yourContributions")}</h2>
      <Loading of={loaded}>
        {(found) =>
          !found ? (
            <p>{t("noDesk")}</p>
          ) : found.contributions.length === 0 ? (
            <p>{t("noContributions")}</p>
          ) : (
            <>
              <ul class="cards">
                {found.contributions.map((item) => (
                  <One key={item.batchId + item.fileHash} item={item} title={titles(BigInt(item.datasetId))} again={loaded.again} />
                ))}
              </ul>
              {found.next !== null && (
                <button type="button" onClick={() => setBefore(found.next)}>
                  {t("older")}
                </button>
              )}
            </>
          )
        }
      </Loading>
    </section>
  );
}

function One({ item, title, again }: { item: Contribution; title: string; again: () => void }) {
  const world = useWorld();
  const { node, desk, wallet } = world;
  const [sure, ask] = useState(false);
  const doing = useDoing();
  const { batchId, fingerprint, fileHash, envelopeHash, units, qualityBps, standing } = item;
  const named = remembered(wallet!.account).find((one) => one.fileHash === fileHash)?.name;
  const sign = async () => {
    const until = await deadline(node);
    const values = { batchId: BigInt(batchId), fingerprint, deadline: until };
    const signature = await wallet!.sign(node, await message(node, "registry", "Erase", values));
    return relayed(world, "erasure", { account: wallet!.account, batchId, fingerprint, deadline: until, signature });
  };
  const erase = async () => {
    const contributor = wallet!.account;
    const leaf = { contributor, fingerprint, fileHash, envelopeHash, units: BigInt(units), quality: BigInt(qualityBps) };
    const text = await own(world, { ...node.registry, functionName: "erase", args: [BigInt(batchId), leaf, []] });
    again();
    return text;
  };
  return (
    <li class="card">
      <h3>{named ? foreign(named) : title}</h3>
      <Facts
        rows={[
          ...(named ? [[t("dataset"), title] as const] : []),
          [t("state"), maybe(`standing_${standing}`, standing)],
          [t("newRecords"), number(units)],
          [t("quality"), percent(qualityBps, 10_000)],
        ]}
      />
      {standing !== "erased" && standing !== "duplicate" && !sure && (
        <button type="button" onClick={() => ask(true)}>
          {t("erase")}
        </button>
      )}
      {sure && (
        <div class="notice">
          <p>{t("eraseExplained")}</p>
          <div class="actions">
            {desk && (
              <button type="button" class="danger" disabled={doing.busy} onClick={() => doing.run(sign)}>
                {t("eraseRelayed")}
              </button>
            )}
            {standing === "claimed" && (
              <button type="button" disabled={doing.busy} onClick={() => doing.run(erase)}>
                {t("eraseOwn")}
              </button>
            )}
            <button type="button" onClick={() => ask(false)}>
              {t("leave")}
            </button>
          </div>
        </div>
      )}
      {doing.said}
    </li>
  );
}

type Followed = Remembered & { readonly status: Submitted | Sent | null };

/** What was handed in or asked for from this browser, and where it is now. */
function Pending({ look }: { look: () => void }) {
  const { desk, wallet } = useWorld();
  const account = wallet!.account;
  const loaded = useLoaded(async () => {
    const items = remembered(account).slice(0, 20);
    const follow = async (item: Remembered): Promise<Followed> => {
      const ask = item.kind === "submission" ? desk?.submission(item.id) : desk?.sent(item.id);
      return { ...item, status: (await ask?.catch(() => null)) ?? null };
    };
    return Promise.all(items.map(follow));
  }, [desk, account]);
  useEffect(() => {
    window.addEventListener("datadao:remembered", loaded.again);
    return () => window.removeEventListener("datadao:remembered", loaded.again);
  }, [loaded.again]);
  const remove = (id: Hex) => {
    forget(account, id);
    loaded.again();
  };
  if (loaded.value?.length === 0) return null;
  return (
    <section aria-labelledby="pending">
      <h2 id="pending">{t("onItsWay")}</h2>
      <p class="quiet">{t("onItsWayHint")}</p>
      <Loading of={loaded}>
        {(items) => (
          <ul class="plain">
            {items.map((item) => (
              <li key={item.id} class="row">
                <span>
                  <strong>{item.kind === "request" ? maybe(`request_${item.name}`, item.name) : foreign(item.name)}</strong>{" "}
                  <span class="quiet">{moment(Math.floor(item.at / 1000))}</span>
                  <br />
                  {where(item)}
                </span>
                <button type="button" onClick={() => remove(item.id)}>
                  {t("hide")}
                  <span class="hidden"> {foreign(item.name)}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </Loading>
      <button type="button" onClick={look}>
        {t("look")}
      </button>
    </section>
  );
}

function where({ status }: Followed): string {
  if (!status) return t("deskKnowsNot");
  if ("missing" in status) {
    if (status.state === "announced") return t("submission_announced");
    return status.scored ? t("submission_scored", { count: status.scored }) : t("submission_with");
  }
  const said = t(`sent_${status.state}` as Key);
  const told = status.reason && status.state !== "done";
  return told ? `${said} ${foreign(status.reason!)}` : said;
}
