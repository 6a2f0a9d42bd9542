import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './order-content.js';

testAttacks(attacks, 'sampled');
