import { testServerAttacks } from '../support/server-attack-tests.js';
import { attacks as guessing } from './people-guessing.js';
import { attacks as injection } from './people-injection.js';
import { attacks as sessions } from './people-sessions.js';
import { attacks as tokens } from './people-tokens.js';

// Guessing last: it uses up the tries of the address that all of them come from.
testServerAttacks(
  [...sessions, ...tokens, ...injection, ...guessing],
  ['people-csrf-other-site', 'people-token-revoked-live', 'people-sql', 'people-terminal'],
);
