import type { DataKeys } from '../../functions/domain/webhooks/vault.ts'

/** The data keys of tests that need no more than one. */
export const testDataKeys = async (): Promise<DataKeys> => [{ id: 'k1', key: Buffer.alloc(32, 7) }]
