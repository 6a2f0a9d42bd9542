import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './local-access.js';

testAttacks(attacks, 'sampled');
