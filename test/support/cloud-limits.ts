import type { LocalCloudOptions } from '../../infra/local/local-cloud.ts'

/** The start of a function's process takes half a second of processor time, many times its work in a test. */
export const processesPerFunction = 2

/** For a cloud that many tests use: its processes live as long as it, and a busy machine may take its time. */
export const testLimits = {
  processesPerFunction,
  idleMsMax: 60 * 60 * 1000,
  timeoutScale: 10,
} satisfies LocalCloudOptions['limits']
