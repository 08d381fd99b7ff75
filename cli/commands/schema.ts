import type { Command } from 'commander';
import { runSpecSchema } from '../specFile.ts';

export function addSchema(program: Command): void {
  program
    .command('schema')
    .description('print the JSON schema of the run spec, for editors')
    .option('--json', 'the only form there is')
    .addHelpText(
      'after',
      '\nExample:\n  $ semievol schema > docs/run-spec.schema.json\nand as first line of a spec:\n  # yaml-language-server: $schema=../docs/run-spec.schema.json',
    )
    .action(() => {
      process.stdout.write(`${JSON.stringify(runSpecSchema(), null, 2)}\n`);
    });
}
