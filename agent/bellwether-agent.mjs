#!/usr/bin/env node
// The agent's command. It stands outside dist so that npm can link it before anything has been compiled.
await import('./dist/main.js');
