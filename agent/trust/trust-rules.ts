import { type ListingPolicy, leafProblem, rootProblem, targetsProblem } from '@bellwether/shared/trust/listing-policy';
import { belowFloor, standingFloors, timeFloorFalls } from './floors.js';
import { findListing } from './listing.js';
import { judgeOrder } from './order-gate.js';

/**
 * The rules by which this device believes, each a pure function. They are a part so that the attack suite can replace one
 * and show that the attack it stops then succeeds; no configuration chooses among them.
 */
export interface TrustRules extends ListingPolicy {
  readonly floors: typeof belowFloor;
  readonly standingFloors: typeof standingFloors;
  readonly timeFloorFalls: typeof timeFloorFalls;
  readonly listing: typeof findListing;
  readonly order: typeof judgeOrder;
}

/** The product's own, and the only ones outside of tests. */
export const trustRules: TrustRules = {
  root: rootProblem,
  targets: targetsProblem,
  leaf: leafProblem,
  floors: belowFloor,
  standingFloors,
  timeFloorFalls,
  listing: findListing,
  order: judgeOrder,
};
