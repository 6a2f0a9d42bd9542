/** Devices and failures that a rollout's own view names; of the rest it says how many there are. */
export const devicesInView = 100;
