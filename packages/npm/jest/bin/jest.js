#!/usr/bin/env node
require('..').run(process.argv.slice(2));
