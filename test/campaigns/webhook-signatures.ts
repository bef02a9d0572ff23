import fc from 'fast-check'
import { isRefusedAfter, isVerified, mutationCount, signings } from '../support/webhook-signatures.ts'

/** 10,000 random payloads, secrets and rotations that the reference package verifies, and as many mutations that it refuses. */
export async function main(): Promise<void> {
  const numRuns = 10_000
  fc.assert(fc.property(signings, isVerified), { numRuns })
  console.log(`${numRuns} signed requests: all verified`)
  fc.assert(fc.property(signings, fc.integer({ min: 0, max: mutationCount - 1 }), isRefusedAfter), { numRuns })
  console.log(`${numRuns} changed requests: none verified`)
}
