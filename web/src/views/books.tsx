// Money in, out and owed, and whether what is held covers what is owed, as of now.
import { books, datasets } from "../chain/datasets.js";
import { foreign, moment, money, t } from "../text.js";
import { Loading, useLoaded, useWorld } from "./parts.js";
import { useTitles } from "./schemas.js";

export function Books() {
  const { node } = useWorld();
  const loaded = useLoaded(() => Promise.all([books(node), datasets(node), node.money(), node.client.getBlock()]), [node]);
  const titles = useTitles(loaded.value?.[1]);
  return (
    <>
      <h1>{t("books")}</h1>
      <p class="lead">{t("booksLead")}</p>
      <Loading of={loaded}>
        {([found, all, asset, block]) => {
          const rows = [
            [t("booksIn"), found.received],
            [t("booksOut"), found.paid],
            [t("booksOwed"), found.owed],
            [t("booksTreasury"), found.treasury],
            [t("booksEscrow"), found.escrow],
          ] as const;
          const most = rows.reduce((max, [, units]) => (units > max ? units : max), 1n);
          const covered = found.held >= found.received - found.paid;
          const sound = covered && found.held >= found.owed && found.escrow >= found.escrowOwed;
          return (
            <>
              <table class="bars">
                <caption>{t("booksCaption", { block: String(block.number) })}</caption>
                <tbody>
                  {rows.map(([name, units]) => (
                    <tr key={name}>
                      <th scope="row">{name}</th>
                      <td class="number">{money(units, asset)}</td>
                      <td aria-hidden="true" class="bar">
                        <svg viewBox="0 0 100 8" preserveAspectRatio="none">
                          <rect x="0" y="0" height="8" width={Number((units * 1000n) / most) / 10} />
                        </svg>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              <p class={sound ? "notice good" : "notice bad"}>{t(sound ? "booksSound" : "booksUnsound")}</p>
              {all.length > 0 && (
                <table>
                  <caption>{t("byDataset")}</caption>
                  <thead>
                    <tr>
                      <th scope="col">{t("dataset")}</th>
                      <th scope="col" class="number">
                        {t("earnedSoFar")}
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {all.map(({ id, received }) => (
                      <tr key={String(id)}>
                        <th scope="row">{titles(id)}</th>
                        <td class="number">{money(received, asset)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              )}
            </>
          );
        }}
      </Loading>
      <Audited />
    </>
  );
}

/** What the desk's last audit found: every book rebuilt from all that ever happened. */
function Audited() {
  const { desk } = useWorld();
  const loaded = useLoaded(async () => desk?.audit() ?? null, [desk]);
  if (!desk) return null;
  return (
    <section aria-labelledby="audit">
      <h2 id="audit">{t("audit")}</h2>
      <p>{t("auditIs")}</p>
      <Loading of={loaded}>
        {(found) => {
          const report = found?.report;
          if (!report) return <p class="quiet">{t("auditRuns")}</p>;
          const { ok, counts, block, time, differing, differences } = report;
          const where = { block: String(block), at: moment(time) };
          return (
            <>
              <p class={ok ? "notice good" : "notice bad"}>
                {ok
                  ? t("auditOk", { ...where, events: counts.events ?? 0, facts: counts.facts ?? 0 })
                  : t("auditNotOk", { ...where, count: differing })}
              </p>
              {differences.length > 0 && (
                <ul>
                  {differences.map(({ what, rebuilt, chain }) => (
                    <li key={what}>{foreign(t("auditDiffers", { what, rebuilt: said(rebuilt), chain: said(chain) }))}</li>
                  ))}
                </ul>
              )}
            </>
          );
        }}
      </Loading>
      <button type="button" onClick={loaded.again}>
        {t("look")}
      </button>
    </section>
  );
}

const said = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
