import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/lib-dynamodb'

/** Thrown by every request of a process that was killed. */
export class Killed extends Error {}

/**
 * A function's process that is killed before its write number `writes + 1`, counted over all tables and buckets. Reads are not
 * counted; after the kill they fail too.
 */
export class Process {
  #left: number
  constructor(writes: number) {
    this.#left = writes
  }

  isKilled = false

  write(): void {
    if (this.#left <= 0) this.isKilled = true
    this.read()
    this.#left -= 1
  }

  read(): void {
    if (this.isKilled) throw new Killed('killed')
  }

  /** Returns a client whose requests count as reads and writes of this process. */
  over(db: DynamoDBDocumentClient): DynamoDBDocumentClient {
    const reads = [GetCommand, QueryCommand, BatchGetCommand, ScanCommand]
    const send = async (command: Parameters<typeof db.send>[0]) => {
      if (reads.some((kind) => command instanceof kind)) this.read()
      else this.write()
      return db.send(command)
    }
    return Object.create(db, { send: { value: send } }) as DynamoDBDocumentClient
  }
}

/**
 * Runs an operation again and again, killed before its first write, its second and so on, until one run completes. Each run gets
 * a name of its own; `check` examines the data after it. Returns the number of kills.
 */
export async function killBetweenWrites(
  run: (process: Process, ground: string) => Promise<void>,
  check: (ground: string, wasKilled: boolean) => Promise<void>,
): Promise<number> {
  // No tested operation has more writes than this.
  for (let writes = 0; writes < 200; writes++) {
    const ground = `ground-${writes}`
    const process = new Process(writes)
    // `isKilled` counts, since the operation may catch the error of a write.
    await run(process, ground).catch((error: unknown) => {
      if (!process.isKilled) throw error
    })
    await check(ground, process.isKilled)
    if (!process.isKilled) return writes
  }
  throw new Error('the act did not come through in 200 writes')
}
