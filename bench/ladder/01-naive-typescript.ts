// Step 1: the formula as it is written, in TypeScript. The engine compiles it well; one product at a time.

import type { Step } from "./step.ts";

export const naiveTypeScript: Step = {
  title: "naive TypeScript",
  why: "three loops, as the formula is written",
  make({ a, b, m, n, k }) {
    const [floatA, floatB] = [Float32Array.from(a), Float32Array.from(b)];
    const c = new Float32Array(m * n);
    const run = () => {
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let l = 0; l < k; l++) sum += floatA[i * k + l] * floatB[l * n + j];
          c[i * n + j] = sum;
        }
    };
    return { run, result: () => Int32Array.from(c) };
  },
};
