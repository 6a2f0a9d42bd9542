import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './canary-lease.js';

testAttacks(attacks);
