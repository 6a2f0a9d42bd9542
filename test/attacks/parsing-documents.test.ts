import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './parsing-documents.js';

testAttacks(attacks);
