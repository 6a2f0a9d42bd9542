import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './order-newness.js';

testAttacks(attacks, 'sampled');
