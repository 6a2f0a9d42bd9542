import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './tuf-versions.js';

testAttacks(attacks, 'sampled');
