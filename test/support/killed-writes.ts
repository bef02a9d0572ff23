import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/lib-dynamodb'

/** What stands for the death of a function's process: nothing of it goes on after this. */
export class Killed extends Error {}

/**
 * A function's process that is killed before its write number `writes + 1`, counted over everything that it writes to.
 * Reads are not counted; after the kill they fail too, as nothing runs any more.
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

  /** The same client, under this process's hands. */
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
 * Runs an act that is killed before its first write, its second, and so on until it comes through, each time on ground of
 * its own; `check` looks at what is left. Answers how many kills there were.
 */
export async function killBetweenWrites(
  run: (process: Process, ground: string) => Promise<void>,
  check: (ground: string, wasKilled: boolean) => Promise<void>,
): Promise<number> {
  // No act under test has more writes than this; one that has no end would not come through.
  for (let writes = 0; writes < 200; writes++) {
    const ground = `ground-${writes}`
    const process = new Process(writes)
    // Code that catches what a write throws has not come through for that.
    await run(process, ground).catch((error: unknown) => {
      if (!process.isKilled) throw error
    })
    await check(ground, process.isKilled)
    if (!process.isKilled) return writes
  }
  throw new Error('the act did not come through in 200 writes')
}
