// Starts the page: its configuration, its language, and one view at a time, named by what stands after the address's #.
import { type ComponentType, render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { Node } from "./chain/node.js";
import { type Config, read } from "./config.js";
import { Desk } from "./desk.js";
import { type Key, language, short, speak, t } from "./text.js";
import { Books } from "./views/books.js";
import { Contribute } from "./views/contribute.js";
import { Home, Trust } from "./views/home.js";
import { LeaseData } from "./views/lease.js";
import { Mine } from "./views/mine.js";
import { Here, Loading, useLoaded } from "./views/parts.js";
import { Votes } from "./views/votes.js";
import { type Announced, Wallet, discover } from "./wallet.js";

const VIEWS: Readonly<Record<string, { label: Key; view: ComponentType }>> = {
  "": { label: "home", view: Home },
  contribute: { label: "contribute", view: Contribute },
  mine: { label: "mine", view: Mine },
  votes: { label: "votes", view: Votes },
  lease: { label: "leaseData", view: LeaseData },
  books: { label: "books", view: Books },
  trust: { label: "trustTitle", view: Trust },
};

const here = () => location.hash.replace(/^#\/?/, "");

function App({ config }: { config: Config }) {
  const node = useMemo(() => new Node(config), [config]);
  const desk = useMemo(() => (config.desk === null ? null : new Desk(config.desk)), [config]);
  const [name, go] = useState(here);
  const [wallet, use] = useState<Wallet | null>(null);
  const [choosing, choose] = useState(false);
  const main = useRef<HTMLElement>(null);
  const checked = useLoaded(() => node.check().then(() => true), [node]);
  useEffect(() => {
    const listen = () => {
      go(here());
      scrollTo(0, 0);
      main.current?.focus();
    };
    addEventListener("hashchange", listen);
    return () => removeEventListener("hashchange", listen);
  }, []);
  const { label, view: View } = VIEWS[name] ?? VIEWS[""]!;
  useEffect(() => {
    document.title = `${t(label)} · ${config.name}`;
  }, [label, config]);
  const world = { config, node, desk, wallet, connect: () => choose(true) };
  const picked = (found: Wallet) => {
    found.changed(() => use(null));
    use(found);
    choose(false);
  };
  return (
    <Here.Provider value={world}>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        {t("skip")}
      </a>
      <header>
        <a class="name" href="#/">
          {config.name}
        </a>
        <nav aria-label={t("menu")}>
          {Object.entries(VIEWS).map(([path, { label }]) => (
            <a key={path} href={`#/${path}`} aria-current={path === name ? "page" : undefined}>
              {t(label)}
            </a>
          ))}
        </nav>
        {wallet ? (
          <span class="account" title={wallet.account}>
            <span class="hidden">{t("connectedAs")} </span>
            {short(wallet.account)}
          </span>
        ) : (
          <button type="button" onClick={() => choose(true)}>
            {t("connect")}
          </button>
        )}
      </header>
      {choosing && <Choose picked={picked} close={() => choose(false)} />}
      <main id="main" ref={main} tabIndex={-1}>
        <Loading of={checked}>{() => <View key={`${name} ${wallet?.account}`} />}</Loading>
      </main>
      <footer>
        <a href="#/trust">{t("whomYouTrust")}</a>
        {Object.keys(config.languages).length > 0 && <Languages config={config} />}
      </footer>
    </Here.Provider>
  );
}

/** Wallets that are there, by the names and pictures they give themselves. */
function Choose({ picked, close }: { picked: (wallet: Wallet) => void; close: () => void }) {
  const [found, put] = useState<readonly Announced[]>([]);
  const [failed, fail] = useState("");
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    return discover((wallet) => {
      put((all) => (all.some(({ info }) => info.uuid === wallet.info.uuid) ? all : [...all, wallet]));
    });
  }, []);
  const take = (wallet: Announced) => {
    Wallet.connect(wallet).then(picked, () => fail(t("walletRefused")));
  };
  return (
    <dialog ref={dialog} aria-labelledby="choose" onClose={close}>
      <h2 id="choose">{t("chooseWallet")}</h2>
      <p>{t("chooseWalletHint")}</p>
      {found.length === 0 && <p class="notice">{t("noWallet")}</p>}
      <div class="stack">
        {found.map((wallet) => (
          <button key={wallet.info.uuid} type="button" onClick={() => take(wallet)}>
            {/^data:image\//.test(wallet.info.icon) && <img src={wallet.info.icon} alt="" width="24" height="24" />}
            {wallet.info.name.slice(0, 60)}
          </button>
        ))}
      </div>
      {failed && (
        <p class="notice bad" role="alert">
          {failed}
        </p>
      )}
      <button type="button" onClick={() => dialog.current?.close()}>
        {t("leave")}
      </button>
    </dialog>
  );
}

function Languages({ config }: { config: Config }) {
  const pick = (tag: string) => {
    try {
      localStorage.setItem("datadao:language", tag);
    } catch {
      // then it is not remembered
    }
    location.search = `?lang=${encodeURIComponent(tag)}`;
  };
  return (
    <label>
      <span>{t("language")}</span>{" "}
      <select value={language()} onChange={(event) => pick(event.currentTarget.value)}>
        {["en", ...Object.keys(config.languages)].map((tag) => (
          <option key={tag} value={tag} lang={tag}>
            {new Intl.DisplayNames([tag], { type: "language" }).of(tag)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The language asked for, remembered, or the browser's, as far as there is a file of it. */
async function speakTheirs({ languages }: Config): Promise<void> {
  let remembered: string | null = null;
  try {
    remembered = localStorage.getItem("datadao:language");
  } catch {
    // storage is forbidden here
  }
  const wanted = [new URLSearchParams(location.search).get("lang"), remembered, ...navigator.languages];
  const tag = wanted.map((tag) => tag?.split("-")[0] ?? "").find((tag) => tag === "en" || tag in languages) ?? "en";
  if (tag !== "en") speak(tag, (await (await fetch(languages[tag]!)).json()) as Record<string, string>);
  document.documentElement.lang = tag;
}

const root = document.getElementById("app")!;
try {
  const config = read(document);
  await speakTheirs(config).catch(() => undefined);
  root.textContent = "";
  render(<App config={config} />, root);
} catch (error) {
  root.textContent = error instanceof Error ? error.message : String(error);
}
