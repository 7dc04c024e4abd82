// A dataset's data card, as the desk counted it: what is in it, how good, how it grows, what was paid for it.
import { useState } from "preact/hooks";

import { type Asset } from "../chain/node.js";
import { type Card } from "../desk.js";
import { foreign, maybe, moment, money, number, percent, t } from "../text.js";
import { Facts, Loading, Quote, useLoaded, useWorld } from "./parts.js";

/** Fetched when it is unfolded. */
export function CardOf({ dataset }: { dataset: bigint }) {
  const { desk, node } = useWorld();
  const [open, unfold] = useState(false);
  const wanted = desk !== null && open;
  const loaded = useLoaded(async () => (wanted ? Promise.all([desk.card(dataset), node.money()]) : null), [wanted, desk, node, dataset]);
  if (!desk) return null;
  return (
    <details onToggle={(event) => unfold(event.currentTarget.open)}>
      <summary>{t("card")}</summary>
      <Loading of={loaded}>
        {(found) => found && <Shown card={found[0]} asset={found[1]} />}
      </Loading>
    </details>
  );
}

function Shown({ card, asset }: { card: Card; asset: Asset }) {
  const { records, files, contributors, quality, accepted, erased, batches, median_days_between_batches: days } = card;
  const paying = card.leases.filter(({ rent_paid }) => rent_paid !== "0").length;
  return (
    <>
      <Facts
        rows={[
          [t("cardRecords"), t("cardRecordsAre", { records, files, contributors })],
          [t("cardGrows"), days === null ? t("cardBatches", { count: batches.length }) : t("cardOften", { count: batches.length, days })],
          [t("cardErased"), t("cardErasedAre", { erased, accepted })],
          [t("cardPaid"), paying ? t("cardPaidIs", { paid: money(BigInt(card.rent_paid), asset), count: paying }) : t("cardPaidNot")],
        ]}
      />
      <Qualities of={quality} />
      {card.properties && card.properties.length > 0 && (
        <table>
          <caption>{t("recordsHave")}</caption>
          <tbody>
            {card.properties.map(({ name, type, required }) => (
              <tr key={name}>
                <th scope="row">{foreign(name)}</th>
                <td>{kind(type)}</td>
                <td>{required ? t("cardAlways") : t("cardSometimes")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {card.samples.map(({ record }, i) => (
        <Quote key={i} from={t("cardSample")} text={record} />
      ))}
      <p class="quiet">{t("cardIs", { block: String(card.block), at: moment(card.time) })}</p>
    </>
  );
}

/** A type of JSON Schema, or several, in the reader's words. */
const kind = (type: string): string => foreign(type.replace(/[a-z]+/g, (word) => maybe(`type_${word}`, word)));

/** Records by quality, a bar for each tenth. */
function Qualities({ of }: { of: readonly number[] }) {
  const most = Math.max(1, ...of);
  const step = 100 / of.length;
  const said = of.flatMap((count, i) => (count ? [`${percent(i * step, 100)} – ${percent((i + 1) * step, 100)}: ${number(count)}`] : []));
  return (
    <figure class="chart">
      <svg viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={`${t("cardQuality")}: ${said.join("; ")}`}>
        {of.map((count, i) => {
          const height = (22 * count) / most;
          return <rect key={i} class="for" x={i * step + 0.5} y={23 - height} width={step - 1} height={height} />;
        })}
        <rect class="ground" x="0" y="23" width="100" height="1" />
      </svg>
      <figcaption>
        {t("cardQuality")}: {said.join("; ") || t("none")}
      </figcaption>
    </figure>
  );
}
