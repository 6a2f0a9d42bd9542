import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './evidence.js';

testAttacks(attacks, 'sampled');
