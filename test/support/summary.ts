import type { Reporter } from 'vitest/node';

/** Ends a run with one plain line that programs can read: how many tests passed and failed. */
export const summary: Reporter = {
  onTestRunEnd(modules, errors) {
    const states = modules.flatMap((module) => [...module.children.allTests()]).map((test) => test.result().state);
    // A file that does not load and an error outside of any test fail the run as well.
    const outside = modules.filter((module) => module.errors().length > 0).length + errors.length;
    const failed = states.filter((state) => state === 'failed').length + outside;
    console.log(`${states.filter((state) => state === 'passed').length} passed, ${failed} failed`);
  },
};
