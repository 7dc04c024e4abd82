// What several views are made of.
import { type ComponentChildren, type VNode, cloneElement, createContext } from "preact";
import { useCallback, useContext, useEffect, useId, useState } from "preact/hooks";

import { type Node } from "../chain/node.js";
import { type Config } from "../config.js";
import { type Desk, Refused } from "../desk.js";
import { remember } from "../memory.js";
import { type Key, foreign, short, t } from "../text.js";
import { type Call, type Wallet } from "../wallet.js";

export interface World {
  readonly config: Config;
  readonly node: Node;
  readonly desk: Desk | null;
  readonly wallet: Wallet | null;
  readonly connect: () => void;
}

export const Here = createContext<World | null>(null);

export function useWorld(): World {
  return useContext(Here)!;
}

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly failure: unknown;
  readonly again: () => void;
}

/** A value that takes time; loaded anew when one of `on` changes. */
export function useLoaded<T>(load: () => Promise<T>, on: readonly unknown[]): Loaded<T> {
  const [state, put] = useState<{ value?: T; failure?: unknown }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let current = true;
    load().then(
      (value) => current && put({ value }),
      (failure: unknown) => current && put({ failure }),
    );
    return () => {
      current = false;
    };
  }, [...on, turn]);
  return { value: state.value, failure: state.failure, again: useCallback(() => setTurn((n) => n + 1), []) };
}

/** What `loaded` shows as it is known, and why it is not. */
export function Loading<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
  if (of.failure !== undefined) {
    return (
      <div class="notice bad" role="alert">
        <p>{reason(of.failure)}</p>
        <button type="button" onClick={of.again}>
          {t("tryAgain")}
        </button>
      </div>
    );
  }
  if (of.value === undefined) return <p class="quiet" role="status">{t("loading")}</p>;
  return <>{children(of.value)}</>;
}

/** Why something failed, in the reader's words where there are some. */
export function reason(error: unknown): string {
  if (error instanceof Refused) return t("deskRefused", { reason: foreign(error.message) });
  const found = error as { code?: unknown; shortMessage?: string; message?: string; name?: string };
  if (found.code === 4001) return t("walletRefused");
  if (found.name === "HttpRequestError" || found.name === "TimeoutError") return t("nodeUnreachable");
  if (found.name === "TypeError" && /fetch/i.test(found.message ?? "")) return t("deskUnreachable");
  return t("failed", { reason: foreign(found.shortMessage ?? found.message ?? String(error)) });
}

export interface Doing {
  readonly busy: boolean;
  readonly run: (work: () => Promise<string | void>) => void;
  readonly said: ComponentChildren;
}

/** Work that a button starts: one at a time, what it says is read out. */
export function useDoing(): Doing {
  const [busy, setBusy] = useState(false);
  const [said, say] = useState<{ text: string; bad: boolean } | null>(null);
  const run = (work: () => Promise<string | void>) => {
    if (busy) return;
    setBusy(true);
    say(null);
    work()
      .then(
        (text) => say(text ? { text, bad: false } : null),
        (error: unknown) => say({ text: reason(error), bad: true }),
      )
      .finally(() => setBusy(false));
  };
  const shown = (
    <div aria-live="polite">
      {busy && <p class="quiet">{t("working")}</p>}
      {said && <p class={said.bad ? "notice bad" : "notice good"}>{said.text}</p>}
    </div>
  );
  return { busy, run, said: shown };
}

/** Sends transactions of the wallet's own, after saying that they cost. */
export async function own(world: World, ...calls: Call[]): Promise<string> {
  await world.wallet!.send(world.node, calls);
  return t("mined");
}

/** Hands a signed message to the relay, and remembers it. */
export async function relayed(world: World, kind: string, body: object): Promise<string> {
  const { id } = await world.desk!.request(kind, body);
  remember(world.wallet!.account, { kind: "request", id, name: kind, at: Date.now() });
  window.dispatchEvent(new Event("datadao:remembered"));
  return t("handedToRelay");
}

/** For readers without a wallet: why one is needed here. */
export function NeedsWallet({ why }: { why: Key }) {
  const { connect } = useWorld();
  return (
    <div class="notice">
      <p>{t(why)}</p>
      <button type="button" class="primary" onClick={connect}>
        {t("connect")}
      </button>
    </div>
  );
}

export function Facts({ rows }: { rows: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Address({ of }: { of: string }) {
  return (
    <code title={of}>
      <span aria-hidden="true">{short(of)}</span>
      <span class="hidden">{of}</span>
    </code>
  );
}

/** What somebody else wrote: text, set apart, whatever is in it. */
export function Quote({ text, from }: { text: string; from: string }) {
  if (!text.trim()) return null;
  return (
    <figure class="quote">
      <figcaption>{from}</figcaption>
      <blockquote lang="" dir="auto">
        {foreign(text)}
      </blockquote>
    </figure>
  );
}

/** A field with its label, and what is to be said about it: `children` is the one element that is filled in. */
export function Field({ label, hint, children }: { label: string; hint?: string; children: VNode }) {
  const id = useId();
  const attributes = { id, ...(hint ? { "aria-describedby": `${id}-hint` } : {}) };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {cloneElement(children, attributes)}
      {hint && <small id={`${id}-hint`}>{hint}</small>}
    </div>
  );
}
