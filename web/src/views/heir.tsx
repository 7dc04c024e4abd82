// An heir: who takes a member's place when its key is lost.
import { useState } from "preact/hooks";
import { getAddress, isAddress } from "viem";

import { type Member, datasets } from "../chain/datasets.js";
import { deadline, message, nonce } from "../messages.js";
import { moment, t } from "../text.js";
import { type Call } from "../wallet.js";
import { Address, Facts, Field, own, relayed, useDoing, useWorld } from "./parts.js";

const DAY = 86_400;

export function HeirOf({ mine, again }: { mine: Member; again: () => void }) {
  const world = useWorld();
  const { node, desk, wallet } = world;
  const [named, name] = useState("");
  const [days, setDays] = useState("90");
  const doing = useDoing();
  const account = wallet!.account;
  const { heir } = mine;

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
          {heir.openedAt > 0 && !heir.succeeded && (
            <div class="notice bad" role="alert">
              <p>{t("heirOpen", { until: moment(heir.openedAt + Number(heir.delayDays) * DAY) })}</p>
              <Both
                busy={doing.busy}
                label={t("heirVeto")}
                relay={desk && (() => doing.run(() => bySignature("heir-veto", "VetoSuccession", { openedAt: heir.openedAt })))}
                own={() => doing.run(() => byOneself("vetoSuccession", []))}
              />
            </div>
          )}
          {!heir.succeeded && (
            <Both
              busy={doing.busy}
              label={t("heirUnbind")}
              relay={desk && (() => doing.run(() => bySignature("heir-unbind", "UnbindHeir", {})))}
              own={() => doing.run(() => byOneself("unbindHeir", []))}
            />
          )}
        </>
      )}
      {!heir?.succeeded && (
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

/** As the heir of another: opening, and taking its place when the delay is over. */
function Inherit() {
  const world = useWorld();
  const { node, desk, wallet } = world;
  const [of, setOf] = useState("");
  const doing = useDoing();
  const heir = wallet!.account;
  const lost = () => {
    if (!isAddress(of)) throw new Error(t("notAnAddress"));
    return getAddress(of);
  };
  const open = async () => {
    const values = { account: lost(), heir, nonce: Number(await nonce(node, heir)), deadline: await deadline(node) };
    const signature = await wallet!.sign(node, await message(node, "token", "OpenSuccession", values));
    return relayed(world, "heir-open", { ...values, signature });
  };
  const take = async () => {
    const ids = (await datasets(node)).map(({ id }) => id);
    return own(world, { ...node.token, functionName: "succeed", args: [lost(), ids] });
  };
  return (
    <details>
      <summary>{t("heirOfOther")}</summary>
      <p>{t("heirOfOtherExplained")}</p>
      <Field label={t("lostAddress")}>
        <input value={of} spellcheck={false} autocomplete="off" onInput={(event) => setOf(event.currentTarget.value.trim())} />
      </Field>
      <Both
        busy={doing.busy}
        label={t("heirOpenIt")}
        relay={desk && (() => doing.run(open))}
        own={() => doing.run(async () => own(world, { ...node.token, functionName: "openSuccession", args: [lost()] }))}
      />
      <button type="button" disabled={doing.busy} onClick={() => doing.run(take)}>
        {t("heirTake")}
      </button>
      {doing.said}
    </details>
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
