const { SemiEvolPlugin, defineConfig } = require('semievol');
const { SemiEvolClient } = require('semievol/client');
const { $schema } = require('semievol/run-spec.schema.json');

console.log(new SemiEvolPlugin(defineConfig()).name, SemiEvolClient.name, $schema);
