/** Why a device takes no part in a rollout, as a sentence: `apart` of a CourseDevice, and `null` for one without a release to compare with. */
export function apartText(apart: string | null): string {
  switch (apart) {
    case null:
      return 'it has no release of this model to compare with';
    case 'pinned':
      return 'it is pinned to another release';
    case 'stage':
      return 'its stage does not admit the release';
    case 'has-it':
      return 'it serves this release already';
    case 'other-rollout':
      return 'it is in a newer rollout of this model';
    default:
      return `it is ${apart}`;
  }
}
