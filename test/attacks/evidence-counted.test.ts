import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './evidence-counted.js';

testAttacks(attacks, 'sampled');
