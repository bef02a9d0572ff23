import { readFile } from 'node:fs/promises'

/** Samples per second of telephone audio. */
export const rate = 8000

/** Reads the samples of a WAV file of 8 kHz, 16 bits and one channel. Ignores the sizes in its header, which may be 0. */
export async function readSound(file: string): Promise<Float64Array> {
  const bytes = await readFile(file)
  const at = bytes.indexOf('data') + 8
  if (at < 8 || bytes.readUInt32LE(24) !== rate || bytes.readUInt16LE(34) !== 16)
    throw new Error(`${file} is no 8 kHz WAV`)
  return Float64Array.from({ length: Math.floor((bytes.length - at) / 2) }, (_, n) => bytes.readInt16LE(at + 2 * n))
}

export function rmsOf(sound: Float64Array): number {
  return Math.sqrt(sound.reduce((sum, one) => sum + one * one, 0) / Math.max(1, sound.length))
}

/** Returns the longest time in which nothing is louder than `floor`, and its end, in seconds and in steps of 20 ms. */
export function longestSilence(sound: Float64Array, floor = 60): { seconds: number; end: number } {
  const frame = rate / 50
  let longest = { frames: 0, end: 0 }
  let silent = 0
  for (let at = 0; at + frame <= sound.length; at += frame) {
    silent = rmsOf(sound.subarray(at, at + frame)) > floor ? 0 : silent + 1
    if (silent > longest.frames) longest = { frames: silent, end: at + frame }
  }
  return { seconds: longest.frames / 50, end: longest.end / rate }
}

export interface Found {
  /** Seconds from the start of the recording. */
  at: number
  /** Correlation of the two sounds, from -1 to 1; 1 is the same sound, however loud. */
  correlation: number
  /** Loudness of the recording there, divided by that of the reference. */
  level: number
}

/** Returns where a recording fits a reference best, from `fromSeconds` on, or the first place with a correlation of `enough`. */
export function findSound(recording: Float64Array, reference: Float64Array, fromSeconds = 0, enough = 2): Found {
  const heard = recording.subarray(Math.max(0, Math.round(fromSeconds * rate)))
  const count = heard.length - reference.length + 1
  if (count < 1) return { at: Number.NaN, correlation: 0, level: 0 }
  const products = correlate(heard, reference)
  const energy = reference.reduce((sum, one) => sum + one * one, 0)
  let window = heard.subarray(0, reference.length).reduce((sum, one) => sum + one * one, 0)
  let best = { n: 0, correlation: -1, level: 0 }
  for (let n = 0; n < count; n++) {
    // A window far quieter than the reference is silence, whose noise may have any shape.
    const correlation = window > energy / 100 ? (products[n] ?? 0) / Math.sqrt(window * energy) : 0
    if (best.correlation >= enough && n > best.n + rate / 50) break
    if (correlation > best.correlation) best = { n, correlation, level: Math.sqrt(window / energy) }
    window += (heard[n + reference.length] ?? 0) ** 2 - (heard[n] ?? 0) ** 2
  }
  return { at: fromSeconds + best.n / rate, correlation: best.correlation, level: best.level }
}

/**
 * Returns the sum of products of `short` with each stretch of `long`. Computed by Fourier transforms, since a direct computation
 * takes minutes for a call. Both are real, so one transform has `long` as its real part and `short` as its imaginary part.
 */
function correlate(long: Float64Array, short: Float64Array): Float64Array {
  const size = 2 ** Math.ceil(Math.log2(long.length + short.length))
  const re = new Float64Array(size)
  const im = new Float64Array(size)
  re.set(long)
  im.set(short)
  transform(re, im)
  const [outRe, outIm] = [new Float64Array(size), new Float64Array(size)]
  for (let n = 0; n < size; n++) {
    const m = (size - n) % size
    const zr = re[n] as number
    const zi = im[n] as number
    const yr = re[m] as number
    const yi = im[m] as number
    const ar = (zr + yr) / 2
    const ai = (zi - yi) / 2
    const br = (zi + yi) / 2
    const bi = (yr - zr) / 2
    // The product of one with the conjugate of the other, itself conjugated: then the inverse transform is the transform.
    outRe[n] = ar * br + ai * bi
    outIm[n] = ar * bi - ai * br
  }
  transform(outRe, outIm)
  return outRe.map((one) => one / size)
}

const tables = new Map<number, { cos: Float64Array; sin: Float64Array }>()

function tableOf(size: number): { cos: Float64Array; sin: Float64Array } {
  const known = tables.get(size)
  if (known) return known
  const angles = Float64Array.from({ length: size / 2 }, (_, k) => (-2 * Math.PI * k) / size)
  const table = { cos: angles.map(Math.cos), sin: angles.map(Math.sin) }
  tables.set(size, table)
  return table
}

/** Computes the Fourier transform in place (Cooley and Tukey); the size is a power of two. */
function transform(re: Float64Array, im: Float64Array): void {
  const size = re.length
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1
    for (; j & bit; bit >>= 1) j ^= bit
    j ^= bit
    if (i < j) {
      swap(re, i, j)
      swap(im, i, j)
    }
  }
  const { cos, sin } = tableOf(size)
  // Plain variables: a destructured array in this loop doubles its time.
  for (let length = 2; length <= size; length *= 2) {
    const half = length / 2
    const step = size / length
    for (let at = 0; at < size; at += length) {
      for (let k = 0; k < half; k++) {
        const c = cos[k * step] as number
        const s = sin[k * step] as number
        const low = at + k
        const high = low + half
        const r = re[high] as number
        const i = im[high] as number
        const tr = r * c - i * s
        const ti = r * s + i * c
        const r0 = re[low] as number
        const i0 = im[low] as number
        re[high] = r0 - tr
        im[high] = i0 - ti
        re[low] = r0 + tr
        im[low] = i0 + ti
      }
    }
  }
}

function swap(list: Float64Array, i: number, j: number): void {
  const one = list[i] as number
  list[i] = list[j] as number
  list[j] = one
}
