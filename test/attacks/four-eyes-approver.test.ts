import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './four-eyes-approver.js';

testAttacks(attacks);
