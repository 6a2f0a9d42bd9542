import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './crypto-signatures.js';

testAttacks(attacks);
