// Proposals in words, how the vote on each stands, and one's own ballot.
import { Agreement } from "./agreement.js";
import { useState } from "preact/hooks";

import { datasets } from "../chain/datasets.js";
import { NOBODY, lease } from "../chain/leases.js";
import { type Asset } from "../chain/node.js";
import { type Proposal, ballot, proposals } from "../chain/proposals.js";
import { worded } from "../chain/words.js";
import { message } from "../messages.js";
import { maybe, moment, t, tokens } from "../text.js";
import { Address, Field, Loading, NeedsWallet, Quote, own, relayed, useDoing, useLoaded, useWorld } from "./parts.js";
import { useTitles } from "./schemas.js";
import { TermsOf } from "./terms.js";

export function Votes() {
  const { node, desk } = useWorld();
  const loaded = useLoaded(() => Promise.all([proposals(node, desk), node.money(), datasets(node)]), [node, desk]);
  const titles = useTitles(loaded.value?.[2]);
  return (
    <>
      <h1>{t("votes")}</h1>
      <p class="lead">{t("votesLead")}</p>
      <Loading of={loaded}>
        {([found, asset]) =>
          found.length === 0 ? (
            <p>{t("noProposals")}</p>
          ) : (
            found.map((proposal) => (
              <One key={String(proposal.id)} proposal={proposal} asset={asset} titles={titles} again={loaded.again} />
            ))
          )
        }
      </Loading>
    </>
  );
}

interface OneProps {
  readonly proposal: Proposal;
  readonly asset: Asset;
  readonly titles: (id: bigint) => string;
  readonly again: () => void;
}

function One({ proposal, asset, titles, again }: OneProps) {
  const { node, desk } = useWorld();
  const { id, leaseId, state, genuine } = proposal;
  const asked = useLoaded(async () => (leaseId === null ? null : lease(node, leaseId)), [node, leaseId]);
  const actions = proposal.actions.map(({ target, value, calldata }) => worded(node, asset, target, value, calldata));
  const title = leaseId === null ? (actions[0]?.title ?? t("proposal")) : t("shallLease", { id: String(leaseId) });
  const open = state === "Active" || state === "Pending";
  const heading = `p${String(id).slice(0, 12)}`;
  return (
    <article class="card wide" aria-labelledby={heading}>
      <h2 id={heading}>{title}</h2>
      <p>
        <span class={`badge ${state.toLowerCase()}`}>{maybe(`state_${state}`, state)}</span> {when(proposal)}
      </p>
      {!genuine && (
        <p class="notice bad" role="alert">
          {t("notGenuine")}
        </p>
      )}
      <Chart proposal={proposal} />
      {leaseId === null ? (
        <ol class="actions-list">
          {actions.map((action, i) => (
            <li key={i}>
              {actions.length > 1 && <strong>{action.title}</strong>} <span class="quiet">{action.target}</span>
              {action.terms && (
                <>
                  <TermsOf terms={action.terms} asset={asset} titles={titles} />
                  <Agreement folded={!open} terms={action.terms} asset={asset} licensee={action.licensee ?? NOBODY} titles={titles} />
                </>
              )}
              <dl class="facts">
                {action.arguments.map(({ name, value }) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd class="break">{value}</dd>
                  </div>
                ))}
              </dl>
            </li>
          ))}
        </ol>
      ) : (
        <Loading of={asked}>
          {(found) =>
            found && (
              <>
                <TermsOf terms={found.terms} asset={asset} licensee={found.licensee} titles={titles} />
                <Agreement folded={!open} terms={found.terms} asset={asset} licensee={found.licensee} titles={titles} />
              </>
            )
          }
        </Loading>
      )}
      <Quote from={t(leaseId === null ? "proposerWrote" : desk ? "applicantWroteDesk" : "applicantWrote")} text={written(proposal)} />
      <p class="quiet">
        {t("proposedBy")} <Address of={proposal.proposer} />
      </p>
      {state === "Active" && genuine && <Ballot proposal={proposal} again={again} />}
    </article>
  );
}

/** Of a lease's proposal the applicant's own text, without what the contract adds around it. */
function written({ leaseId, description }: Proposal): string {
  const match = /^Lease \d+ terms 0x[0-9a-f]{64} ([^]*)#proposer=0x[0-9a-fA-F]{40}$/.exec(description);
  return leaseId !== null && match ? match[1]! : description;
}

function when({ state, opens, closes, executableAt }: Proposal): string {
  if (state === "Pending") return t("opensAt", { at: moment(opens) });
  if (state === "Active") return t("closesAt", { at: moment(closes) });
  if (state === "Queued") return t("doneFrom", { at: moment(executableAt) });
  return t("closedAt", { at: moment(closes) });
}

/** For, abstain and against as parts of one bar that is as long as what counts: the votes cast, or those needed. */
function Chart({ proposal: { votes, quorum } }: { proposal: Proposal }) {
  const towards = votes.for + votes.abstain;
  const cast = towards + votes.against;
  const need = quorum ?? 0n;
  const whole = Number(cast > need ? cast : need) || 1;
  const width = (count: bigint) => (100 * Number(count)) / whole;
  const text = [
    `${t("for")}: ${tokens(votes.for)}`,
    `${t("abstain")}: ${tokens(votes.abstain)}`,
    `${t("against")}: ${tokens(votes.against)}`,
    quorum === null ? t("quorumLater") : t("quorumIs", { votes: tokens(need), cast: tokens(towards) }),
  ];
  const bars = [
    { kind: "for", from: 0, size: width(votes.for) },
    { kind: "abstain", from: width(votes.for), size: width(votes.abstain) },
    { kind: "against", from: width(towards), size: width(votes.against) },
  ];
  return (
    <figure class="chart">
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={text.join("; ")}>
        <rect class="ground" x="0" y="2" width="100" height="6" />
        {bars.map(({ kind, from, size }) => (
          <rect key={kind} class={kind} x={from} y="2" width={size} height="6" />
        ))}
        {quorum !== null && <rect class="quorum" x={Math.min(99.4, width(need))} y="0" width="0.6" height="10" />}
      </svg>
      <figcaption>
        {text.map((part, i) => (
          <span key={part} class={["key for", "key abstain", "key against", "key quorum"][i]}>
            {part}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

const SIDES = [
  { support: 1, key: "for" },
  { support: 0, key: "against" },
  { support: 2, key: "abstain" },
] as const;

function Ballot({ proposal, again }: { proposal: Proposal; again: () => void }) {
  const world = useWorld();
  const { node, desk, wallet } = world;
  const account = wallet?.account;
  const loaded = useLoaded(async () => (account ? ballot(node, proposal, account) : null), [node, account, proposal]);
  const [side, choose] = useState<number | null>(null);
  const [reason, give] = useState("");
  const doing = useDoing();
  if (!wallet) return <NeedsWallet why="walletToVote" />;
  const name = `side${String(proposal.id).slice(0, 12)}`;
  const sign = async () => {
    const values = { proposalId: proposal.id, support: side, voter: account, nonce: 0n };
    const struct = reason ? "ExtendedBallot" : "Ballot";
    const said = reason ? { ...values, reason, params: "0x" } : values;
    const signature = await wallet.sign(node, await message(node, "governor", struct, said));
    const body = { proposalId: String(proposal.id), support: side, voter: account, signature };
    return relayed(world, "ballot", reason ? { ...body, reason } : body);
  };
  const cast = async () => {
    const call = reason
      ? { functionName: "castVoteWithReason", args: [proposal.id, side, reason] }
      : { functionName: "castVote", args: [proposal.id, side] };
    const text = await own(world, { ...node.governor, ...call });
    again();
    return text;
  };
  return (
    <Loading of={loaded}>
      {(mine) =>
        !mine ? null : mine.voted ? (
          <p class="notice good">{t("voted")}</p>
        ) : mine.weight === 0n ? (
          <p class="notice">{t("noVotes")}</p>
        ) : (
          <fieldset>
            <legend>{t("yourVote", { votes: tokens(mine.weight) })}</legend>
            <div class="choices">
              {SIDES.map(({ support, key }) => (
                <label key={key} class="check">
                  <input type="radio" name={name} checked={side === support} onChange={() => choose(support)} />
                  <span>{t(key)}</span>
                </label>
              ))}
            </div>
            <Field label={t("voteReason")} hint={t("voteReasonHint")}>
              <input value={reason} maxLength={1000} onInput={(event) => give(event.currentTarget.value)} />
            </Field>
            <div class="actions">
              {desk && (
                <button type="button" class="primary" disabled={doing.busy || side === null} onClick={() => doing.run(sign)}>
                  {t("voteRelayed")}
                </button>
              )}
              <button type="button" disabled={doing.busy || side === null} onClick={() => doing.run(cast)}>
                {t("voteOwn")}
              </button>
            </div>
            {doing.said}
          </fieldset>
        )
      }
    </Loading>
  );
}
