import type { Reporter } from 'vitest/node';

/** Ends a run with one machine-readable line: the number of passed and failed tests. */
export const summary: Reporter = {
  onTestRunEnd(modules, errors) {
    const states = modules.flatMap((module) => [...module.children.allTests()]).map((test) => test.result().state);
    // A file that does not load or an error outside of a test fails the run as well.
    const outside = modules.filter((module) => module.errors().length > 0).length + errors.length;
    const failed = states.filter((state) => state === 'failed').length + outside;
    console.log(`${states.filter((state) => state === 'passed').length} passed, ${failed} failed`);
  },
};
