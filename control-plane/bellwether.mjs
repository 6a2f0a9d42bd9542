#!/usr/bin/env node
// The operator's command. It stands outside dist so that npm can link it before anything has been compiled.
await import('./dist/cli/main.js');
