import type { CdrFile } from '../../../bridge/asterisk/cdr-file.ts'
import type { CdrFolder } from '../../../bridge/asterisk/cdr-folder.ts'
import { CdrSource } from '../../../bridge/asterisk/cdr-source.ts'
import { LineSplitter } from '../../../bridge/asterisk/line-splitter.ts'
import { AckCursor } from '../../../bridge/forward/ack-cursor.ts'
import type { SendOutcome } from '../../../bridge/forward/sender.ts'
import { PbxState } from '../../../bridge/normalise/pbx-state.ts'
import { Presence } from '../../../bridge/presence.ts'
import type { AppendFile, Disk } from '../../../bridge/spool/disk.ts'

type File = Pick<CdrFile, 'next' | 'commit'> & CdrFile
type Send = { send(queueUrl: string, bodies: readonly string[]): Promise<SendOutcome[]> }

/** A mistake that was made on purpose, to see that the simulator finds it. It stands between two real parts, or in one. */
export interface Bug {
  disk?(disk: Disk): Disk
  folder?(folder: CdrFolder): CdrFolder
  file?(file: CdrFile): File
  sender?(sender: Send): Send
  /** Kinds of faults that most schedules are made of, so that few of them are needed. */
  focus?: readonly string[]
  /** Puts a wrong method in a class; answers how to take it out again. */
  patch?(): () => void
}

/** The record is handed on before the fdatasync that covers it. */
const ackBeforeFsync: Bug = {
  focus: ['power-cut', 'uplink-down', 'slow-fsync'],
  disk: (disk) => ({
    ...disk,
    create: async (path) => ({ ...(await disk.create(path)), datasync: async () => undefined }),
  }),
}

/** A failed fdatasync is tried again and believed. */
const fsyncFailureIgnored: Bug = {
  focus: ['fsync-error', 'power-cut', 'uplink-down'],
  disk: (disk) => ({
    ...disk,
    async create(path) {
      const file: AppendFile = await disk.create(path)
      return { ...file, datasync: () => file.datasync().catch(() => file.datasync()) }
    },
  }),
}

/** One accepted body of a batch counts for all of them. */
const ackWholeBatch: Bug = {
  sender: (sender) => ({
    async send(queueUrl, bodies) {
      const outcomes = await sender.send(queueUrl, bodies)
      return outcomes.map(() => ({ kind: 'accepted' }))
    },
  }),
}

/** The position is saved when lines are read, not when they are settled. */
const checkpointBeforeSend: Bug = {
  file: (file) =>
    new Proxy(file, {
      get(target, name) {
        if (name !== 'next') return Reflect.get(target, name).bind(target)
        return async (signal: AbortSignal) => {
          const batch = await target.next(signal)
          if (batch) await target.commit(batch.position)
          return batch
        }
      },
    }) as File,
}

/** A file is known by its name alone. */
const knownByName: Bug = {
  patch: () => replaceMethod(CdrSource.prototype, 'holds', async () => true),
}

/** What rotation put aside is not looked for. */
const rotatedPassedOver: Bug = {
  folder: (folder) => ({ ...folder, list: async () => [] }),
}

/** A line is taken before its end is written. */
const halfLineTaken: Bug = {
  patch() {
    const { push } = LineSplitter.prototype
    return replaceMethod(LineSplitter.prototype, 'push', function (this: LineSplitter, chunk: Buffer) {
      return [...push.call(this, chunk), ...this.rest()]
    })
  },
}

/** What is done last counts for all before it. */
const ackOverHoles: Bug = {
  focus: ['uplink-down', 'kill', 'one-lane-throttled', 'one-lane-throttled'],
  patch: () => replaceMethod(AckCursor.prototype, 'complete', (_from: number, to: number) => to),
}

/** An epoch is used before it is saved for good. */
const epochNotSaved: Bug = {
  focus: ['clock-moved', 'ari-cut', 'kill'],
  disk: (disk) => ({
    ...disk,
    replace: async (path, bytes) => (path.endsWith('/epoch') ? undefined : disk.replace(path, bytes)),
  }),
}

/** What late facts touched is not told anew. */
const lateNotAsserted: Bug = {
  focus: ['uplink-down', 'no-dns'],
  patch: () => replaceMethod(Presence.prototype, 'republish', () => undefined),
}

/** What no event told is never looked for. */
const sweepFindsNothing: Bug = {
  focus: ['event-lost'],
  patch: () => replaceMethod(PbxState.prototype, 'differences', () => []),
}

export const bugs: Readonly<Record<string, Bug>> = {
  'ack-before-fsync': ackBeforeFsync,
  'fsync-failure-ignored': fsyncFailureIgnored,
  'ack-whole-batch': ackWholeBatch,
  'checkpoint-before-send': checkpointBeforeSend,
  'known-by-name': knownByName,
  'rotated-passed-over': rotatedPassedOver,
  'half-line-taken': halfLineTaken,
  'ack-over-holes': ackOverHoles,
  'epoch-not-saved': epochNotSaved,
  'late-not-asserted': lateNotAsserted,
  'sweep-finds-nothing': sweepFindsNothing,
}

function replaceMethod<T extends object, K extends keyof T>(prototype: T, name: K, wrong: T[K]): () => void {
  const right = prototype[name]
  prototype[name] = wrong
  return () => {
    prototype[name] = right
  }
}
