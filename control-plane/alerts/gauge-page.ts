/** Where a stored window stands among those of its device: in the order of arrival; `row` orders those that came together. */
export interface GaugePlace {
  readonly arrivedAtMs: number;
  readonly row: number;
}

/** What a device's stored windows say of its gauges, in the order of arrival; plain data: it comes from another thread. */
export interface GaugeQuestion {
  readonly device: string;
  /** Windows after this one. */
  readonly after: GaugePlace;
  /** At most so many windows. */
  readonly rows: number;
}

export interface GaugePage {
  /** Of each window, when it ended by its own clock; minutes since 1970. Windows that end in the future are left out. */
  readonly minutes: Float64Array;
  /** One list for each of `gauges`, a value for each minute; NaN where the machine does not tell it. */
  readonly values: readonly Float32Array[];
  /** Where the next page goes on; null: these were all. */
  readonly next: GaugePlace | null;
}
