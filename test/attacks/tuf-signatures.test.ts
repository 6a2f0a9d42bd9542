import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './tuf-signatures.js';

testAttacks(attacks, 'sampled');
