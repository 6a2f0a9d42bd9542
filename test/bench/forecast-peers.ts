import { type MinuteSeries, sampleAt } from '@bellwether/control-plane/alerts/forecast-series';
import { trendOf } from '@bellwether/control-plane/alerts/forecast-trend';

/** Whether somebody would announce a breach of 100 at this minute. */
export type Announcer = (series: MinuteSeries, minute: number) => boolean;

/** Ordinary least squares over the last `minutes` samples: value at the newest, slope per minute, and its error as if samples were independent. */
function leastSquares(series: MinuteSeries, minute: number, minutes: number) {
  const middle = (minutes - 1) / 2;
  let sum = 0;
  let tilt = 0;
  for (let i = 0; i < minutes; i++) {
    const value = sampleAt(series, minute - minutes + 1 + i);
    sum += value;
    tilt += value * (i - middle);
  }
  const spread = (minutes * (minutes ** 2 - 1)) / 12;
  const slope = tilt / spread;
  const mean = sum / minutes;
  let squares = 0;
  for (let i = 0; i < minutes; i++) {
    squares += (sampleAt(series, minute - minutes + 1 + i) - mean - slope * (i - middle)) ** 2;
  }
  return { last: mean + slope * middle, slope, error: Math.sqrt(squares / (minutes - 2) / spread) };
}

/** As Prometheus documents `predict_linear(v[1h], 4 * 3600) >= 100`: least squares over an hour, four hours ahead. */
export const predictLinear: Announcer = (series, minute) => {
  const { last, slope } = leastSquares(series, minute, 60);
  return last + slope * 240 >= 100;
};

/** Least squares over half an hour, its slope 4.8 errors from flat if samples were independent, and a breach within six hours. */
export const plainLeastSquares: Announcer = (series, minute) => {
  const { last, slope, error } = leastSquares(series, minute, 30);
  return slope > 4.8 * error && last + slope * 360 >= 100;
};

/** Our own Theil–Sen line with its effective sample size, over one or four hours, without any history. */
export const trendAlone: Announcer = (series, minute) => {
  return [60, 240].some((minutes) => {
    const trend = minute % 5 === 0 ? trendOf(series, { minute, minutes, resolution: 0.1 }) : undefined;
    return trend !== undefined && trend.score >= 4 && trend.middle + trend.slopePerMinute * (minutes / 2 + 360) >= 100;
  });
};
