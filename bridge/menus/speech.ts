import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { access, mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { SwitchhookError } from '../../contracts/errors.ts'
import type { Language } from '../../contracts/spoken-mark.ts'
import { errorCode } from '../failure.ts'
import type { Part } from './menu.ts'

/** Hashed into each file name, so that a change of voice, speed or format generates all files again. */
const recipe = '4 espeak-ng 145 words, 8 kHz 16 bit mono, -3 dB'
const headerBytes = 44
const bytesPerSecond = 16_000
const wordsPerMinute = '145'
/** A sentence takes 0.1 s to synthesise. A synthesiser that hangs is killed after this time. */
const synthesisMsMax = 3000
/** Number of sentences synthesised at the same time (two processes each); others wait. */
const atOnceMax = 2

/** sox effects of each named sound. */
const tones: Readonly<Record<string, readonly string[]>> = {
  success: ['synth', '0.15', 'sine', '523', ':', 'synth', '0.15', 'sine', '659', ':', 'synth', '0.3', 'sine', '784'],
  // A soft tick every 1.3 s for 10.2 s, queued behind every prompt: the caller hears that the line is alive.
  waiting: ['synth', '0.08', 'sine', '440', 'vol', '0.08', 'pad', '0.3', '0.9', 'repeat', '7'],
  failure: ['synth', '0.25', 'sine', '392', ':', 'synth', '0.25', 'sine', '311', ':', 'synth', '0.5', 'sine', '233'],
}

/** espeak-ng or sox is missing, hangs or fails. */
export class SpeechError extends SwitchhookError {
  readonly errorId = 'speech-failed'
  override shouldRetry() {
    return true
  }
}

/**
 * Generates sound files with espeak-ng and sox and caches them under the hash of their content. Text is passed on standard
 * input, because every user of the machine can read a process's arguments.
 */
export class Speech {
  readonly #folder: string
  readonly #making = new Map<string, Promise<void>>()
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(folder: string) {
    this.#folder = folder
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o755 })
  }

  /** Returns the absolute path of the part's sound file without extension, as ARI's `sound:` wants it. @throws SpeechError */
  async say(part: Part, language: Language): Promise<string> {
    const name = createHash('sha256')
      .update(JSON.stringify([recipe, language, part]))
      .digest('hex')
      .slice(0, 32)
    const path = join(this.#folder, name)
    if (await exists(`${path}.wav`)) return path
    // Two callers who need the same sentence share one synthesis.
    const making = this.#making.get(name) ?? this.#make(part, language, path).finally(() => this.#making.delete(name))
    this.#making.set(name, making)
    await making
    return path
  }

  /** Returns the duration of a sound. `path` is a result of `say`. */
  async secondsOf(path: string): Promise<number> {
    const { size } = await stat(`${path}.wav`)
    return (size - headerBytes) / bytesPerSecond
  }

  /** Generates the parts' missing files in turn; stops at the first failure. @throws SpeechError */
  async prepare(parts: readonly Part[], language: Language, signal: AbortSignal): Promise<void> {
    for (const part of parts) {
      if (signal.aborted) return
      await this.say(part, language)
    }
  }

  async #make(part: Part, language: Language, path: string): Promise<void> {
    // A finished synthesis hands its slot to the one that has waited longest, so `#running` is not decreased in between.
    if (this.#running >= atOnceMax) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running += 1
    const unfinished = `${path}.${randomUUID()}.wav`
    try {
      await ('sound' in part ? makeTones(part.sound, unfinished) : makeWords(part.text, language, unfinished))
      // Rename only the complete file: a crash must not leave half a sentence in the cache.
      await rename(unfinished, `${path}.wav`)
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
      await rm(unfinished, { force: true })
    }
  }
}

const format = ['-r', '8000', '-c', '1', '-b', '16', '-e', 'signed-integer']

async function makeTones(name: string, file: string): Promise<void> {
  const tone = tones[name]
  if (!tone) throw new SpeechError(`unknown sound ${name}; known are ${Object.keys(tones).join(', ')}`)
  await run(spawn('sox', ['-V1', '-n', ...format, file, ...tone], { stdio: 'ignore', timeout: synthesisMsMax }))
}

async function makeWords(text: string, language: Language, file: string): Promise<void> {
  const limit = { timeout: synthesisMsMax }
  const sox = spawn('sox', ['-V1', '-t', 'wav', '-', ...format, file, 'norm', '-3'], {
    ...limit,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const espeak = spawn('espeak-ng', ['-v', language, '-s', wordsPerMinute, '--stdin', '--stdout'], {
    ...limit,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  espeak.stdout.pipe(sox.stdin)
  espeak.stdin.end(text)
  // A missing program closes its pipes early. Its exit, not the broken pipe, is the useful error.
  const pipes = [finished(espeak.stdin), finished(sox.stdin)]
  const [spoken, converted] = await Promise.allSettled([run(espeak), run(sox), ...pipes])
  for (const end of [spoken, converted]) if (end?.status === 'rejected') throw end.reason
}

function run(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new SpeechError(`${child.spawnfile} cannot be started (${errorCode(cause)}): install it`, { cause }))
    })
    child.once('exit', (code, signal) => {
      if (code === 0) resolve()
      else reject(new SpeechError(`${child.spawnfile} exited with ${signal ?? `status ${code}`}`))
    })
  })
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}
