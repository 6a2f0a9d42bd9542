import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './tuf-floods.js';

testAttacks(attacks);
