import * as v from 'valibot'
import { ClientFrame } from '../../../contracts/frames.ts'
import { clientFrameBytesMax } from '../../../contracts/limits.ts'

export type Parsed =
  | { frame: ClientFrame; refused?: never }
  | { frame?: never; refused: { errorId: string; detail: string } }

/** A client's frame, or why it is none, in words for its author. */
export function parseFrame(text: string): Parsed {
  if (Buffer.byteLength(text) > clientFrameBytesMax) {
    return refuse('frame-too-large', `A frame has at most ${clientFrameBytesMax} bytes.`)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return refuse('frame-not-json', 'A frame is one JSON object.')
  }
  const parsed = v.safeParse(ClientFrame, json)
  if (parsed.success) return { frame: parsed.output }
  const [issue] = parsed.issues
  return refuse('frame-invalid', `${v.getDotPath(issue) ?? 'frame'}: ${issue.message}`.slice(0, 300))
}

function refuse(errorId: string, detail: string): Parsed {
  return { refused: { errorId, detail } }
}
