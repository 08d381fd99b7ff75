const { relative } = require('node:path');
const { reporters } = require('mocha');

/** Mocha's `spec`, with a last line that a script can read: `N passed, N failed`. */
module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    // Mocha says why a file could not be run, and not which.
    runner.on('fail', (test, { file }) => {
      if (file) test.title = `${relative('', file)}: ${test.title}`;
    });
    super(runner, options);
  }

  epilogue() {
    // Of files that could not be run, or whose process died, mocha tells after the end.
    process.once('exit', () => this.#tell());
  }

  #tell() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    const skipped = pending > 0 ? `, ${pending} skipped` : '';
    process.stdout.write(`${passes} passed, ${failures} failed${skipped}\n`);
  }
};
