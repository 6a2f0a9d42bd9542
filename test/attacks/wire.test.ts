import { testServerAttacks } from '../support/server-attack-tests.js';
import { attacks as consumers } from './wire-consumers.js';
import { attacks as logins } from './wire-logins.js';
import { attacks as packets } from './wire-packets.js';
import { attacks as topics } from './wire-topics.js';

testServerAttacks([...topics, ...logins, ...packets, ...consumers]);
