import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './four-eyes-tools.js';

testAttacks(attacks);
