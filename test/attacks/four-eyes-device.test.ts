import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './four-eyes-device.js';

testAttacks(attacks, 'sampled');
