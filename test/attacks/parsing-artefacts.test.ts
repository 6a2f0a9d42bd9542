import { testAttacks } from '../support/attack-tests.js';
import { attacks } from './parsing-artefacts.js';

testAttacks(attacks, 'sampled');
