import { checkSchema } from '@bellwether/shared/contract/decode';
import { messageOf } from '@bellwether/shared/errors';
import { Compile, Default, type Static, Type } from '@bellwether/shared/schema';
import { SimulationError } from './simulation-error.js';

const strict = { additionalProperties: false } as const;
const share = Type.Number({ minimum: 0, maximum: 1 });
const seconds = Type.Number({ minimum: 0, maximum: 30 * 86_400 });
const period = Type.Number({ minimum: 1, maximum: 30 * 86_400 });

/** How one release behaves in its calls: independent draws for each call. */
export const ReleaseBehaviour = Type.Object(
  {
    /** `digits@1.2.0`, or `*` for each one that has no entry before. */
    release: Type.String({ pattern: '^(?:\\*|[a-z0-9-]+@[0-9A-Za-z.-]+)$', maxLength: 100 }),
    /** Compute time: lognormal, by its median and the standard deviation of its logarithm. */
    latencyMs: Type.Number({ minimum: 0, maximum: 60_000, default: 2 }),
    latencySigma: Type.Number({ minimum: 0, maximum: 3, default: 0.3 }),
    /** Calls that the engine fails. */
    errors: Type.Number({ ...share, default: 0 }),
    /** Answers with a number that is not finite. */
    invalid: Type.Number({ ...share, default: 0 }),
    /** Calls that the runner dies of. */
    deaths: Type.Number({ ...share, default: 0 }),
    /** Confidence of an answer, the mean. */
    confidence: Type.Number({ minimum: 0.1, maximum: 0.999, default: 0.9 }),
  },
  strict,
);
export type ReleaseBehaviour = Readonly<Static<typeof ReleaseBehaviour>>;

/** What befalls the calls of both arms alike for a while: the device, its network or its inputs. */
const Outage = Type.Object(
  {
    afterSeconds: seconds,
    forSeconds: seconds,
    errors: Type.Number({ ...share, default: 0 }),
    latencyFactor: Type.Number({ minimum: 0.01, maximum: 1000, default: 1 }),
  },
  strict,
);

const groupFields = {
  /** Calls per second and device, at random moments. */
  requestsPerSecond: Type.Number({ minimum: 0, maximum: 1000, default: 1 }),
  /** A release without an entry does well. */
  releases: Type.Array(ReleaseBehaviour, { maxItems: 100, default: [] }),
  /** The agent is killed and started again, so often on the average. */
  crashEverySeconds: Type.Optional(period),
  /** Once: without a network from then on, for so long. */
  offline: Type.Optional(Type.Object({ afterSeconds: seconds, forSeconds: seconds }, strict)),
  /** Up and down by turns, each so long on the average. */
  flapping: Type.Optional(Type.Object({ upSeconds: period, downSeconds: period }, strict)),
  /** Connected, and says nothing. */
  silent: Type.Boolean({ default: false }),
  /** Downloads come no faster. */
  slowLinkBytesPerSecond: Type.Optional(Type.Number({ minimum: 100, maximum: 1e9 })),
  /** From then on one class takes over and confidence falls, in full after `overSeconds`. */
  drift: Type.Optional(Type.Object({ afterSeconds: seconds, overSeconds: period, strength: share }, strict)),
  outages: Type.Array(Outage, { maxItems: 100, default: [] }),
};

/** What the devices of one part of the fleet do. */
export const DeviceBehaviour = Type.Object(groupFields, strict);
export type DeviceBehaviour = Readonly<Static<typeof DeviceBehaviour>>;

/** A behaviour file: parts of the fleet by share; what is left over behaves as `otherwise` says, or well. */
export const FleetBehaviour = Type.Object(
  {
    version: Type.Literal(1),
    groups: Type.Array(
      Type.Object({ name: Type.String({ pattern: '^[a-z0-9-]{1,40}$' }), share, ...groupFields }, strict),
      { maxItems: 100, default: [] },
    ),
    otherwise: Type.Object(groupFields, { ...strict, default: {} }),
  },
  strict,
);
export type FleetBehaviour = Readonly<Static<typeof FleetBehaviour>>;

const compiled = Compile(FleetBehaviour);
const compiledRelease = Compile(ReleaseBehaviour);

/** Checks a behaviour file's content and fills its defaults in; throws SimulationError `behaviour-invalid`. */
export function checkBehaviour(value: unknown, name: string): FleetBehaviour {
  try {
    const behaviour = checkSchema(compiled, Default(FleetBehaviour, value), name);
    const total = behaviour.groups.reduce((sum, group) => sum + group.share, 0);
    if (total > 1 + 1e-9) throw new SimulationError('behaviour-invalid', `${name}: shares add up to ${total}, over 1`);
    return behaviour;
  } catch (cause) {
    if (cause instanceof SimulationError) throw cause;
    throw new SimulationError('behaviour-invalid', messageOf(cause), { cause });
  }
}

/** Every device behaves well. */
export const goodBehaviour = checkBehaviour({ version: 1 }, 'the default behaviour');

const goodRelease: ReleaseBehaviour = checkSchema(
  compiledRelease,
  Default(ReleaseBehaviour, { release: '*' }),
  'the default of a release',
);

/** The behaviour of the device with this number, 0 … devices − 1: groups take their shares from the front. */
export function behaviourOf({ groups, otherwise }: FleetBehaviour, number: number, devices: number): DeviceBehaviour {
  let end = 0;
  for (const group of groups) {
    end += group.share * devices;
    if (number < Math.round(end)) return group;
  }
  return otherwise;
}

/** How a release behaves on a device. */
export function releaseBehaviour({ releases }: Pick<DeviceBehaviour, 'releases'>, release: string): ReleaseBehaviour {
  return releases.find((each) => each.release === release || each.release === '*') ?? goodRelease;
}
