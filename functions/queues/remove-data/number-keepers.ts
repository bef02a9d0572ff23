import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { PartitionStore } from '../../stores/partitions.ts'
import { PlacedCallStore } from '../../stores/placed-calls.ts'
import { PlacedErasure } from '../../stores/placed-erasure.ts'
import type { EraseNumberDependencies } from './erase-number.ts'

/** Features that keep numbers apart from the call log: each registers here how one is erased from what it keeps. */
export function numberKeepers(
  db: DynamoDBDocumentClient,
  table: { live: string },
  partitions: { live: PartitionStore },
): EraseNumberDependencies['others'] {
  const placed = new PlacedErasure(new PlacedCallStore(db, table.live), partitions.live)
  return [{ name: 'calls by API', erase: placed.erase.bind(placed) }]
}
