import { testServerAttacks } from '../support/server-attack-tests.js';
import { attacks } from './wire-guessing.js';

testServerAttacks(attacks);
