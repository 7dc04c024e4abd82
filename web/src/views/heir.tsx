// An heir: who takes a member's place when its key is lost.
import { useState } from "preact/hooks";
import { type Address as Account, getAddress, isAddress } from "viem";

import { type Heir, type Member, datasets, heirOf, inherits } from "../chain/datasets.js";
import { deadline, message, nonce } from "../messages.js";
import { moment, t } from "../text.js";
import { type Call } from "../wallet.js";
import { Address, Facts, Field, Loading, own, relayed, useDoing, useLoaded, useWorld } from "./parts.js";

export function HeirOf({ mine, again }: { mine: Member; again: () => void }) {
  const world = useWorld();
  const { node, desk, wallet } = world;
  const [named, name] = useState("");
  const [days, setDays] = useState("90");
  const doing = useDoing();
  const account = wallet!.account;
  const { heir } = mine;
  // Past its time an opened succession cannot be stopped.
  const stands = !heir || (!heir.succeeded && !(heir.due && heir.now >= heir.due));

  const bySignature = async (kind: string, struct: "BindHeir" | "UnbindHeir" | "VetoSuccession", values: object) => {
    const dated = struct === "VetoSuccession" ? {} : { nonce: Number(await nonce(node, account)), deadline: await deadline(node) };
    const body = { account, ...values, ...dated };
    const signature = await wallet!.sign(node, await message(node, "token", struct, body));
    return relayed(world, kind, { ...body, signature });
  };
  const byOneself = async (functionName: string, args: readonly unknown[]) => {
    const text = await own(world, { ...node.token, functionName, args } as Call);
    again();
    return text;
  };
  const chosen = () => {
    if (!isAddress(named)) throw new Error(t("notAnAddress"));
    if (getAddress(named) === account) throw new Error(t("notYourself"));
    const delayDays = Number(days);
    if (!(Number.isInteger(delayDays) && delayDays >= 30 && delayDays <= 365)) throw new Error(t("delayRange"));
    return { heir: getAddress(named), delayDays };
  };
  return (
    <section aria-labelledby="heir">
      <h2 id="heir">{t("heir")}</h2>
      <p>{t("heirExplained")}</p>
      {heir && (
        <>
          <Facts
            rows={[
              [t("yourHeir"), <Address key="h" of={heir.heir} />],
              [t("heirDelay"), t("days", { count: Number(heir.delayDays) })],
              ...(heir.openedAt ? [[t("heirOpened"), moment(heir.openedAt)] as const] : []),
            ]}
          />
          {heir.succeeded && <p class="notice bad">{t("heirSucceeded")}</p>}
          {!heir.succeeded && !stands && <p class="notice bad">{t("heirPassed")}</p>}
          {heir.openedAt > 0 && stands && (
            <div class="notice bad" role="alert">
              <p>{t("heirOpen", { until: moment(heir.due) })}</p>
              <Both
                busy={doing.busy}
                label={t("heirVeto")}
                relay={desk && (() => doing.run(() => bySignature("heir-veto", "VetoSuccession", { openedAt: heir.openedAt })))}
                own={() => doing.run(() => byOneself("vetoSuccession", []))}
              />
            </div>
          )}
          {stands && (
            <Both
              busy={doing.busy}
              label={t("heirUnbind")}
              relay={desk && (() => doing.run(() => bySignature("heir-unbind", "UnbindHeir", {})))}
              own={() => doing.run(() => byOneself("unbindHeir", []))}
            />
          )}
        </>
      )}
      {stands && (
        <details>
          <summary>{t(heir ? "heirChange" : "heirName")}</summary>
          <Field label={t("heirAddress")} hint={t("heirAddressHint")}>
            <input value={named} spellcheck={false} autocomplete="off" onInput={(event) => name(event.currentTarget.value.trim())} />
          </Field>
          <Field label={t("heirDays")} hint={t("heirDaysHint")}>
            <input type="number" min={30} max={365} value={days} onInput={(event) => setDays(event.currentTarget.value)} />
          </Field>
          <Both
            busy={doing.busy}
            label={t("heirBind")}
            relay={desk && (() => doing.run(async () => bySignature("heir-bind", "BindHeir", chosen())))}
            own={() =>
              doing.run(async () => {
                const { heir, delayDays } = chosen();
                return byOneself("bindHeir", [heir, BigInt(delayDays)]);
              })
            }
          />
        </details>
      )}
      <Inherit />
      {doing.said}
    </section>
  );
}

/** As the heir of another: opening, and taking its place when the time to object is over. */
function Inherit() {
  const { node, wallet } = useWorld();
  const [of, setOf] = useState("");
  const heir = wallet!.account;
  const lost = isAddress(of) ? getAddress(of) : null;
  const loaded = useLoaded(async () => {
    const bound = lost && (await heirOf(node, lost));
    return { lost, bound: bound && (await inherits(node, heir, bound)) ? bound : null };
  }, [node, heir, lost]);
  return (
    <details>
      <summary>{t("heirOfOther")}</summary>
      <p>{t("heirOfOtherExplained")}</p>
      <Field label={t("lostAddress")}>
        <input value={of} spellcheck={false} autocomplete="off" onInput={(event) => setOf(event.currentTarget.value.trim())} />
      </Field>
      {of && !lost && <p class="quiet">{t("notAnAddress")}</p>}
      {lost && (
        <Loading of={loaded}>
          {({ lost: looked, bound }) =>
            looked === lost && (bound ? <Step lost={lost} bound={bound} again={loaded.again} /> : <p class="notice">{t("notItsHeir")}</p>)
          }
        </Loading>
      )}
    </details>
  );
}

interface StepProps {
  readonly lost: Account;
  readonly bound: Heir;
  readonly again: () => void;
}

/** What its heir can do for a lost account now. */
function Step({ lost, bound: { since, due, now, succeeded }, again }: StepProps) {
  const world = useWorld();
  const { node, desk, wallet } = world;
  const doing = useDoing();
  const heir = wallet!.account;
  // The same is signed for both steps: the relay takes the one that is due.
  const ask = async () => {
    const values = { account: lost, heir, nonce: Number(await nonce(node, heir)), deadline: await deadline(node) };
    const signature = await wallet!.sign(node, await message(node, "token", "OpenSuccession", values));
    return relayed(world, "heir-open", { ...values, signature });
  };
  const send = async (functionName: string, ...more: unknown[]) => {
    const text = await own(world, { ...node.token, functionName, args: [lost, ...more] });
    again();
    return text;
  };
  const take = async () => send("succeed", (await datasets(node)).map(({ id }) => id));
  const [says, label, pay] = succeeded
    ? ([t("heirTaken"), "heirTakeMore", take] as const)
    : due
      ? ([t(now < due ? "heirCanTakeFrom" : "heirCanTake", { at: moment(due) }), now < due ? null : "heirTake", take] as const)
      : now < since
        ? ([t("heirOpensFrom", { at: moment(since) }), null, take] as const)
        : ([t("heirCanOpen"), "heirOpenIt", () => send("openSuccession")] as const);
  return (
    <>
      <p class="notice">{says}</p>
      {label && <Both busy={doing.busy} label={t(label)} relay={desk && (() => doing.run(ask))} own={() => doing.run(pay)} />}
      {doing.said}
    </>
  );
}

interface BothProps {
  readonly busy: boolean;
  readonly label: string;
  readonly relay: (() => void) | null;
  readonly own: () => void;
}

/** The same by signature, which the relay pays for, and by a transaction of one's own. */
export function Both({ busy, label, relay, own: pay }: BothProps) {
  return (
    <div class="actions">
      {relay && (
        <button type="button" class="primary" disabled={busy} onClick={relay}>
          {label}
        </button>
      )}
      <button type="button" disabled={busy} onClick={pay}>
        {relay ? t("byOwnTransaction", { what: label }) : label}
      </button>
    </div>
  );
}
