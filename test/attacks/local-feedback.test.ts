import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './local-feedback.js';

testAttacks(attacks, 'sampled');
