import type { CdrFile } from '../../../bridge/asterisk/cdr-file.ts'
import type { CdrFolder } from '../../../bridge/asterisk/cdr-folder.ts'
import { CdrSource } from '../../../bridge/asterisk/cdr-source.ts'
import { AckCursor } from '../../../bridge/forward/ack-cursor.ts'
import type { SendOutcome } from '../../../bridge/forward/sender.ts'
import { LineSplitter } from '../../../bridge/normalise/line-splitter.ts'
import { PbxState } from '../../../bridge/normalise/pbx-state.ts'
import { Presence } from '../../../bridge/presence.ts'
import type { AppendFile, Disk } from '../../../bridge/spool/disk.ts'

type File = Pick<CdrFile, 'next' | 'commit'> & CdrFile
type Send = { send(queueUrl: string, bodies: readonly string[]): Promise<SendOutcome[]> }

/** A deliberate bug, to prove that the simulator finds it. It wraps a real component or replaces one of its methods. */
export interface Bug {
  disk?(disk: Disk): Disk
  folder?(folder: CdrFolder): CdrFolder
  file?(file: CdrFile): File
  sender?(sender: Send): Send
  /** Fault kinds to inject most often, so that few seeds are needed to find the bug. */
  focus?: readonly string[]
  /** Replaces a method of a class by a wrong one; returns a function that restores it. */
  patch?(): () => void
}

/** Records are passed on before their fdatasync. */
const ackBeforeFsync: Bug = {
  focus: ['power-cut', 'uplink-down', 'slow-fsync'],
  disk: (disk) => ({
    ...disk,
    create: async (path) => ({ ...(await disk.create(path)), datasync: async () => undefined }),
  }),
}

/** A failed fdatasync is retried, and its success is trusted. */
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

/** All bodies of a batch count as accepted if SQS answers the call. */
const ackWholeBatch: Bug = {
  sender: (sender) => ({
    async send(queueUrl, bodies) {
      const outcomes = await sender.send(queueUrl, bodies)
      return outcomes.map(() => ({ kind: 'accepted' }))
    },
  }),
}

/** The file position is saved when lines are read, before they are sent. */
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

/** A CDR file is recognised by its name only. */
const knownByName: Bug = {
  patch: () => replaceMethod(CdrSource.prototype, 'holds', async () => true),
}

/** Rotated files are not searched for. */
const rotatedPassedOver: Bug = {
  folder: (folder) => ({ ...folder, list: async () => [] }),
}

/** A line is read before its end is written. */
const halfLineTaken: Bug = {
  patch() {
    const { push } = LineSplitter.prototype
    return replaceMethod(LineSplitter.prototype, 'push', function (this: LineSplitter, chunk: Buffer) {
      return [...push.call(this, chunk), ...this.rest()]
    })
  },
}

/** Completing a range acknowledges all records before it. */
const ackOverHoles: Bug = {
  focus: ['uplink-down', 'kill', 'one-lane-throttled', 'one-lane-throttled'],
  patch: () => replaceMethod(AckCursor.prototype, 'complete', (_from: number, to: number) => to),
}

/** The epoch is not saved. */
const epochNotSaved: Bug = {
  focus: ['clock-moved', 'ari-cut', 'kill'],
  disk: (disk) => ({
    ...disk,
    replace: async (path, bytes) => (path.endsWith('/epoch') ? undefined : disk.replace(path, bytes)),
  }),
}

/** The current state is not published again after late facts. */
const lateNotAsserted: Bug = {
  focus: ['uplink-down', 'no-dns'],
  patch: () => replaceMethod(Presence.prototype, 'republish', () => undefined),
}

/** The sweep that compares Asterisk's state with the bridge's finds no difference. */
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
