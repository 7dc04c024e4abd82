// What this DAO is, what its data may be used for, and whom one trusts.
import { maybe, money, percent, t, tokens } from "../text.js";
import { datasets } from "../chain/datasets.js";
import { purposes } from "../purposes.js";
import { CardOf } from "./card.js";
import { Schemas, useTitles } from "./schemas.js";
import { Address, Facts, Loading, useLoaded, useWorld } from "./parts.js";

export function Home() {
  const { config, node } = useWorld();
  const loaded = useLoaded(async () => {
    const [found, asset, supply] = await Promise.all([
      datasets(node),
      node.money(),
      node.client.readContract({ ...node.token, functionName: "totalSupply" }),
    ]);
    return { found, asset, supply };
  }, [node]);
  const titles = useTitles(loaded.value?.found);
  return (
    <>
      <h1>{config.name}</h1>
      <p class="lead">{t("homeLead")}</p>
      <ol class="steps">
        {(["homeStep1", "homeStep2", "homeStep3", "homeStep4"] as const).map((key) => (
          <li key={key}>{t(key)}</li>
        ))}
      </ol>
      <h2>{t("datasets")}</h2>
      <Loading of={loaded}>
        {({ found, asset }) =>
          found.length === 0 ? (
            <p>{t("noDatasets")}</p>
          ) : (
            <div class="cards">
              {found.map((dataset) => (
                <article class="card" key={String(dataset.id)}>
                  <h3>{titles(dataset.id)}</h3>
                  <Schemas.Description dataset={dataset} />
                  <Facts
                    rows={[
                      [t("usedFor"), purposes(dataset.purposes)],
                      [t("leastQuality"), percent(dataset.minQuality, 10_000)],
                      [t("earnedSoFar"), money(dataset.received, asset)],
                      [t("sharesOut"), tokens(dataset.shares)],
                      [t("ofIncome"), t("cuts", { commons: percent(dataset.commonsBps, 10_000, 2), treasury: percent(dataset.treasuryBps, 10_000, 2) })],
                    ]}
                  />
                  <CardOf dataset={dataset.id} />
                </article>
              ))}
            </div>
          )
        }
      </Loading>
    </>
  );
}

export function Trust() {
  const { config } = useWorld();
  return (
    <>
      <h1>{t("trustTitle")}</h1>
      <ul class="prose">
        {(["trust1", "trust2", "trust3", "trust4", "trust5", "trust6"] as const).map((key) => (
          <li key={key}>{t(key)}</li>
        ))}
      </ul>
      <h2>{t("builtFor")}</h2>
      <Facts
        rows={[
          [t("node"), <code key="n">{config.node}</code>],
          [t("desk"), config.desk ? <code key="d">{config.desk}</code> : t("none")],
          [t("chain"), String(config.chainId)],
          [t("build"), <code key="b">{config.build}</code>],
          ...Object.entries(config.contracts).map(([key, address]) => [maybe(`contract_${key}`, key), <Address key={key} of={address} />] as const),
        ]}
      />
    </>
  );
}
