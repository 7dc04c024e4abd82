// Generated from the contracts by `make interfaces`. Do not edit.
/** Carries out what holders decided, after a delay in which whoever disagrees can erase and leave. */
export { dataTimelockAbi } from "./DataTimelock.js";
/** Gives voters time when something goes wrong: one guardian can keep new data and new leases out for 72 hours. */
export { emergencyBrakeAbi } from "./EmergencyBrake.js";
/** ERC-20 with permit and votes, where holding is enough to vote: an account without a delegate is its own. */
export { dataTokenAbi } from "./DataToken.js";
/** One accumulator per dataset pool and one for the commons: a deposit touches two slots whatever the number of members, a claim of income two more. */
export { revenueSplitterAbi } from "./RevenueSplitter.js";
/** Holders decide here; the timelock carries it out. */
export { dataGovernorAbi } from "./DataGovernor.js";
/** Escrow, vote, delivery, instalments, access. */
export { dataLeasesAbi } from "./DataLeases.js";
/** Binds models to the leases they were trained under and splits what they earn. */
export { modelRegistryAbi } from "./ModelRegistry.js";
/** Datasets and policies, attestors, custodians, batches and contributions. */
export { datasetRegistryAbi } from "./DatasetRegistry.js";
/** Creates whole Data DAOs. */
export { dataDAOFactoryAbi } from "./DataDAOFactory.js";
/** Every custom error of every contract: a call may revert with an error of a contract further down. */
export { errorsAbi } from "./errors.js";
