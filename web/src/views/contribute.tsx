// A file: looked at line by line, encrypted here, handed in.
import { useEffect, useRef, useState } from "preact/hooks";

import { type Dataset, datasets } from "../chain/datasets.js";
import { prepare } from "../crypto/contribute.js";
import { typedSubmission } from "../crypto/submission.js";
import { remember } from "../memory.js";
import { COMPUTE, purposes } from "../purposes.js";
import { type Report, type Schema, check } from "../records/check.js";
import { Unreadable } from "../records/read.js";
import { why } from "../records/why.js";
import { type Key, bytes, foreign, number, percent, t, tokens } from "../text.js";
import { Field, Loading, NeedsWallet, useDoing, useLoaded, useWorld } from "./parts.js";
import { schemaOf, useTitles } from "./schemas.js";

export function Contribute() {
  const { node, desk } = useWorld();
  const loaded = useLoaded(() => datasets(node), [node]);
  const titles = useTitles(loaded.value);
  const [picked, pick] = useState("1");
  return (
    <>
      <h1>{t("contribute")}</h1>
      <p class="lead">{t("contributeLead")}</p>
      {!desk && <p class="notice">{t("noDesk")}</p>}
      <Loading of={loaded}>
        {(found) => {
          const dataset = found.find(({ id }) => String(id) === picked) ?? found[0];
          if (!dataset) return <p>{t("noDatasets")}</p>;
          return (
            <>
              <Field label={t("whichDataset")}>
                <select value={picked} onChange={(event) => pick(event.currentTarget.value)}>
                  {found.map(({ id }) => (
                    <option key={String(id)} value={String(id)}>
                      {titles(id)}
                    </option>
                  ))}
                </select>
              </Field>
              <p>{t("mayBeUsedFor", { purposes: purposes(dataset.purposes) })}</p>
              {dataset.purposes === COMPUTE && <p class="notice good">{t("neverHandedOver")}</p>}
              {desk && <Drop key={String(dataset.id)} dataset={dataset} />}
            </>
          );
        }}
      </Loading>
    </>
  );
}

interface Looked {
  readonly file: File;
  readonly report: Report | null;
  readonly fault: string;
}

function Drop({ dataset }: { dataset: Dataset }) {
  const { desk } = useWorld();
  const schema = useLoaded(() => schemaOf(desk, dataset), [desk, dataset]);
  const [looked, show] = useState<Looked | null>(null);
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const doing = useDoing();

  // Beside the place for it, a browser would leave the page and show the file instead.
  useEffect(() => {
    const stay = (event: Event) => event.preventDefault();
    const kinds = ["dragover", "drop"];
    kinds.forEach((kind) => addEventListener(kind, stay));
    return () => kinds.forEach((kind) => removeEventListener(kind, stay));
  }, []);

  const look = (file: File | undefined, known: Schema) => {
    if (!file) return;
    show(null);
    doing.run(async () => {
      try {
        show({ file, report: await check(file, known, () => undefined), fault: "" });
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        show({ file, report: null, fault: t(`unreadable_${error.reason}` as Key, { line: error.line }) });
      }
    });
  };
  return (
    <Loading of={schema}>
      {(known) =>
        known?.otherScoring ? (
          <p class="notice bad">{t("otherScoring", { number: foreign(known.otherScoring) })}</p>
        ) : known ? (
          <>
            <div
              class={over ? "drop over" : "drop"}
              onDragOver={(event) => {
                event.preventDefault();
                setOver(true);
              }}
              onDragLeave={() => setOver(false)}
              onDrop={(event) => {
                event.preventDefault();
                setOver(false);
                const files = event.dataTransfer?.files;
                if (files && input.current) input.current.files = files; // the field names what was dropped
                look(files?.[0], known);
              }}
            >
              <Field label={t("dropHere")} hint={t("dropHint")}>
                <input
                  ref={input}
                  type="file"
                  accept=".jsonl,.ndjson,.json,.csv,.tsv,.txt"
                  onChange={(event) => look(event.currentTarget.files?.[0], known)}
                />
              </Field>
            </div>
            {doing.said}
            {looked && <Found looked={looked} dataset={dataset} least={known.least} />}
          </>
        ) : (
          <p class="notice bad">{t("noSchema")}</p>
        )
      }
    </Loading>
  );
}

interface FoundProps {
  readonly looked: Looked;
  readonly dataset: Dataset;
  readonly least: number;
}

function Found({ looked: { file, report, fault }, dataset, least }: FoundProps) {
  if (!report) return <p class="notice bad" role="alert">{fault}</p>;
  const { count, valid, distinct, quality, flaws, shape } = report;
  const shares = (BigInt(distinct) * BigInt(quality) * dataset.sharesPerUnit) / 10_000n;
  const enough = valid > 0 && quality >= dataset.minQuality && distinct >= least;
  return (
    <section aria-labelledby="found">
      <h2 id="found">{t("lookedAt", { name: foreign(file.name), size: bytes(file.size) })}</h2>
      {shape !== "lines" && <p>{t(shape === "csv" ? "convertedCsv" : "convertedArray")}</p>}
      <p>
        {t("validOf", { count, valid })} {distinct < valid && t("repeats", { count: valid - distinct })}
      </p>
      <p>{t("qualityIs", { quality: percent(quality, 10_000), least: percent(dataset.minQuality, 10_000) })}</p>
      {distinct < least && <p>{t("tooFew", { least })}</p>}
      {enough ? (
        <p class="notice good">
          {t("wouldEarn", { shares: tokens(shares), part: percent(shares, dataset.shares + shares) })} {t("estimate")}
        </p>
      ) : (
        <p class="notice bad">{t("notEnough")}</p>
      )}
      {flaws.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t("whatIsWrong")}>
          <table class="stacks">
            <caption>{t("whatIsWrong")}</caption>
            <thead>
              <tr>
                <th scope="col">{t("line")}</th>
                <th scope="col">{t("field")}</th>
                <th scope="col">{t("why")}</th>
              </tr>
            </thead>
            <tbody>
              {flaws.map((flaw) => (
                <tr key={flaw.line}>
                  <th scope="row" data-label={t("line")}>{number(flaw.line)}</th>
                  <td data-label={t("field")}>{flaw.field ? foreign(flaw.field) : t("wholeRecord")}</td>
                  <td data-label={t("why")}>{why(flaw)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {enough && <HandIn file={file} report={report} dataset={dataset} />}
    </section>
  );
}

function HandIn({ file, report, dataset }: { file: File; report: Report; dataset: Dataset }) {
  const world = useWorld();
  const { node, desk, wallet, config } = world;
  const [agreed, agree] = useState(false);
  const [step, setStep] = useState("");
  const [done, setDone] = useState(false);
  const doing = useDoing();
  if (!wallet) return <NeedsWallet why="walletToHandIn" />;
  const hand = async () => {
    const { fileBytes } = await desk!.limits();
    // A chunk of 64 KiB grows by 16 bytes, and the header has fewer than 1,024.
    if (report.content.size * 1.001 + 2_048 > fileBytes) throw new Error(t("tooLarge", { most: bytes(fileBytes) }));
    setStep(t("stepKeys"));
    await node.check();
    const { committee, attestors } = await node.parties();
    const place = {
      chainId: BigInt(config.chainId),
      registry: config.contracts.registry,
      datasetId: dataset.id,
      contributor: wallet.account,
      committee,
      attestors,
    };
    setStep(t("stepEncrypt"));
    const total = report.content.size;
    const progress = (done: number) => setStep(t("stepEncrypted", { part: percent(done, total, 0) }));
    const prepared = await prepare(report.content.stream(), place, { progress, hasher: config.hasher });
    setStep(t("stepSign"));
    const signature = await wallet.sign(node, typedSubmission(place.chainId, place.registry, prepared.submission));
    setStep(t("stepSend"));
    const { id } = await desk!.handIn(prepared, signature, () => undefined);
    const fileHash = prepared.submission.fileHash;
    remember(wallet.account, { kind: "submission", id, name: file.name, fileHash, at: Date.now() });
    window.dispatchEvent(new Event("datadao:remembered"));
    setDone(true);
    return t("handedIn");
  };
  return (
    <div class="stack">
      <label class="check">
        <input type="checkbox" checked={agreed} onChange={(event) => agree(event.currentTarget.checked)} />
        <span>{t("agreeToHandIn")}</span>
      </label>
      <button type="button" class="primary" disabled={!agreed || doing.busy || done} onClick={() => doing.run(hand)}>
        {t("encryptAndHandIn")}
      </button>
      {doing.busy && <p class="quiet">{step}</p>}
      {doing.said}
      {done && <a href="#/mine">{t("seeMine")}</a>}
    </div>
  );
}
