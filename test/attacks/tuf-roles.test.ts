import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './tuf-roles.js';

testAttacks(attacks, 'sampled');
