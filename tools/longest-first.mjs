import { basename } from 'node:path';
import { BaseSequencer } from 'vitest/node';
import { suites } from './suites.mjs';

/**
 * Begins with the files that take longest, as tools/suites.mjs names them: a long file that comes last leaves the other
 * core with nothing to do. Vitest itself knows how long a file takes only on a machine where it has run before.
 */
export class LongestFirst extends BaseSequencer {
  async sort(files) {
    return (await super.sort(files)).toSorted(
      (a, b) => a.project.config.sequence.groupOrder - b.project.config.sequence.groupOrder || rankOf(a) - rankOf(b),
    );
  }
}

function rankOf({ project, moduleId }) {
  const rank = (suites[project.name].longest ?? []).indexOf(basename(moduleId, '.test.js'));
  return rank < 0 ? 1000 : rank;
}
