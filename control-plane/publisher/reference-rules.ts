import type { ReleaseSource } from '@bellwether/shared/models/manifest';
import type { ReferenceDistributions } from '@bellwether/shared/models/reference';

/** What is wrong with reference distributions, held against their release; the first fault, or undefined. */
export function referenceProblem(
  reference: ReferenceDistributions,
  source: Pick<ReleaseSource, 'inputs' | 'outputs' | 'interpretation'>,
): string | undefined {
  const labels = source.interpretation?.labels.length ?? 0;
  const { classes, confidence = [], correct, features } = reference;
  if (classes !== undefined && labels > 0 && classes.length !== labels) {
    return `counts ${classes.length} classes, but there are ${labels} labels`;
  }
  if (correct !== undefined && correct.length !== confidence.length) {
    return `says of ${correct.length} bins how many answers were right, but has ${confidence.length} bins of confidence`;
  }
  const tooMany = correct?.findIndex((right, bin) => right > (confidence[bin] ?? 0)) ?? -1;
  if (tooMany >= 0) return `has more right answers than answers in bin ${tooMany} of the confidence`;
  const tensors = new Set([...source.inputs, ...source.outputs].map((tensor) => tensor.name));
  for (const { name, tensor, edges, counts } of features) {
    if (!tensors.has(tensor)) return `watches ${name} in ${tensor}, which is no tensor of the release`;
    if (counts.length !== edges.length + 1)
      return `has ${counts.length} counts for the ${edges.length} edges of ${name}`;
    const isAscending = edges.every((edge, i) => i === 0 || edge > (edges[i - 1] ?? edge));
    if (!isAscending) return `has edges of ${name} that do not ascend`;
  }
  return undefined;
}
