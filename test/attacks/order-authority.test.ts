import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './order-authority.js';

testAttacks(attacks, 'sampled');
