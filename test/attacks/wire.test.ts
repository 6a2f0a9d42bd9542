import { testServerAttacks } from '../support/server-attack-tests.js';
import { attacks as consumers } from './wire-consumers.js';
import { attacks as floods } from './wire-floods.js';
import { attacks as guessing } from './wire-guessing.js';
import { attacks as logins } from './wire-logins.js';
import { attacks as packets } from './wire-packets.js';
import { attacks as topics } from './wire-topics.js';

// Guessing comes last: it uses up what one address may get wrong.
testServerAttacks([...topics, ...logins, ...packets, ...consumers, ...floods, ...guessing]);
